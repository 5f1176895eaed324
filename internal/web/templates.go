package web

import (
	"bytes"
	"embed"
	"html"
	"html/template"
	"path"
	"regexp"
	"sync"

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

// part renders one part of the frame.
func part(l locale.Lang, name string, dot any) (template.HTML, error) {
	var b bytes.Buffer
	err := templates[l.Code()]["layout.html"].ExecuteTemplate(&b, name, dot)
	return template.HTML(b.String()), err // escaped by its own template
}

// kept are the parts that say the same on every visit, rendered once: by language and name, and by what distinguishes one
// from another, of which a house has only so many.
var kept sync.Map // partKey → template.HTML

type partKey struct{ lang, name, which string }

func keptPart(l locale.Lang, name, which string, dot any) (template.HTML, error) {
	key := partKey{l.Code(), name, which}
	if known, ok := kept.Load(key); ok {
		return known.(template.HTML), nil
	}
	said, err := part(l, name, dot)
	if err == nil {
		kept.Store(key, said)
	}
	return said, err
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
