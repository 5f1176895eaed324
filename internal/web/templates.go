package web

import (
	"bytes"
	"embed"
	"html"
	"html/template"
	"path"
	"regexp"
	"strings"
	"sync"

	"clave/internal/locale"
)

//go:embed templates/*.html
var templateFiles embed.FS

// templates holds each page by language code and file name. What a language says the same on every visit is written in when it
// is parsed: a page is a third cheaper so. The pages of a language share the frame's parts, and each has its own name for what
// it puts into the frame: parsed together with a frame of its own, each page would take six times the memory.
var templates = parseLanguages()

func parseLanguages() map[string]map[string]*template.Template {
	all := map[string]map[string]*template.Template{}
	for _, l := range locale.All() {
		all[l.Code()] = parsePages(l)
	}
	return all
}

const layoutFile = "layout.html"

func parsePages(l locale.Lang) map[string]*template.Template {
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic(err)
	}
	shared := template.New(layoutFile)
	pages := map[string]*template.Template{layoutFile: shared}
	for _, file := range files {
		source := written(l, file.Name())
		if strings.Contains(source, `{{define "main"}}`) {
			source = framed(written(l, layoutFile), source, file.Name())
			pages[file.Name()] = shared.New(file.Name())
		}
		template.Must(shared.Parse(source))
	}
	return pages
}

// layout is the frame without its parts, which all pages share.
var layout = regexp.MustCompile(`(?s)\{\{define "layout"\}\}.*?\n\{\{end\}\}`)

// framed is the source of a page in a frame of its own, under the file's name.
func framed(frame, source, file string) string {
	frame = strings.Replace(layout.FindString(frame), `"layout"`, `"`+file+`"`, 1)
	frame = strings.Replace(frame, `{{- block "head" .}}{{end}}`, `{{template "head" .}}`, 1)
	for _, slot := range []string{"title", "head", "main"} {
		named := strings.NewReplacer(`{{define "`+slot+`"}}`, `{{define "`+file+" "+slot+`"}}`, `{{template "`+slot+`" .}}`, `{{template "`+file+" "+slot+`" .}}`)
		frame, source = named.Replace(frame), named.Replace(source)
	}
	if own := `{{define "` + file + ` head"}}`; !strings.Contains(source, own) {
		source += own + `{{end}}`
	}
	return frame + source
}

// part renders one part of the frame.
func part(l locale.Lang, name string, dot any) (template.HTML, error) {
	var b bytes.Buffer
	err := templates[l.Code()][layoutFile].ExecuteTemplate(&b, name, dot)
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
