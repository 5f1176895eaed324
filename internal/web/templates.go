package web

import (
	"bytes"
	"embed"
	"html"
	"html/template"
	"net/url"
	"path"
	"regexp"

	"clave/internal/locale"
)

//go:embed templates/*.html
var templateFiles embed.FS

// templates holds, by language code and file name, each page parsed together with the frame and its parts. What a language says
// the same on every visit is written in when they are parsed: a page is a third cheaper so.
var templates = parseLanguages()

func parseLanguages() map[string]map[string]*template.Template {
	all := map[string]map[string]*template.Template{}
	for _, l := range locale.All() {
		all[l.Code()] = parsePages(l)
	}
	return all
}

func parsePages(l locale.Lang) map[string]*template.Template {
	frame := template.New("frame")
	for _, name := range []string{"layout.html", "forms.html", "parts.html"} {
		template.Must(frame.Parse(written(l, name)))
	}
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic(err)
	}
	pages := map[string]*template.Template{}
	for _, file := range files {
		pages[file.Name()] = template.Must(template.Must(frame.Clone()).Parse(written(l, file.Name())))
	}
	return pages
}

// plainTongues are the tongues of every page whose address has no query, by language.
var plainTongues = func() map[string]template.HTML {
	all := map[string]template.HTML{}
	for _, l := range locale.All() {
		said, err := tongues(page{Lang: l, Languages: tonguesAt(&url.URL{}, l)})
		if err != nil {
			panic(err)
		}
		all[l.Code()] = said
	}
	return all
}()

func tongues(p page) (template.HTML, error) {
	var b bytes.Buffer
	err := templates[p.Lang.Code()]["layout.html"].ExecuteTemplate(&b, "languages", p)
	return template.HTML(b.String()), err // escaped by its own template
}

// fixed is what a template takes from the language or the static files, without a value of the visit.
var fixed = regexp.MustCompile(`\{\{\$?\.(T|Lang\.Text|Asset) "([^"]+)"\}\}`)

// written is a template's source with all that is fixed written in. It is escaped for text and for quoted attributes.
func written(l locale.Lang, name string) string {
	source, err := templateFiles.ReadFile(path.Join("templates", name))
	if err != nil {
		panic(err)
	}
	return fixed.ReplaceAllStringFunc(string(source), func(action string) string {
		found := fixed.FindStringSubmatch(action)
		if found[1] == "Asset" {
			return assetURL(found[2])
		}
		return html.EscapeString(l.Text(locale.Key(found[2])))
	})
}
