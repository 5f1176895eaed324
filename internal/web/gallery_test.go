package web

import (
	"bytes"
	"flag"
	"html/template"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"clave/internal/locale"
)

// gallery is where TestGallery leaves its pages to be looked at: go test ./internal/web -run Gallery -gallery DIR
var gallery = flag.String("gallery", "", "folder to write the gallery's pages to")

// TestGallery shows every part once, in every language, and holds the pages to the Content-Security-Policy that they are served with.
func TestGallery(t *testing.T) {
	pages := template.Must(template.ParseFiles("templates/layout.html", "templates/forms.html", "templates/parts.html"))
	template.Must(pages.Parse(galleryMain))
	for _, lang := range locale.All() {
		var b bytes.Buffer
		if err := pages.ExecuteTemplate(&b, "layout", sample(lang)); err != nil {
			t.Fatal(err)
		}
		if found := inlined.FindString(b.String()); found != "" {
			t.Errorf("%s: %q is inline script or style", lang.Code(), found)
		}
		checkLabels(t, b.String())
		keep(t, lang.Code()+".html", b.Bytes())
	}
}

var (
	inlined   = regexp.MustCompile(`(?i)<style|<script[^>]*>[^<]|\sstyle=|\son[a-z]+=|javascript:`)
	id        = regexp.MustCompile(`\sid="([^"]*)"`)
	reference = regexp.MustCompile(`\s(?:for|href|aria-describedby)="#?([^"]*)"`)
)

// checkLabels sees that every id is there once, and that what points to one finds it.
func checkLabels(t *testing.T, html string) {
	ids := map[string]bool{}
	for _, found := range id.FindAllStringSubmatch(html, -1) {
		if ids[found[1]] {
			t.Errorf("id %q is there twice", found[1])
		}
		ids[found[1]] = true
	}
	for _, found := range reference.FindAllStringSubmatch(html, -1) {
		if strings.HasPrefix(found[0], " href") && !strings.Contains(found[0], "#") {
			continue
		}
		for _, name := range strings.Fields(found[1]) {
			if !ids[name] {
				t.Errorf("%s points nowhere", strings.TrimSpace(found[0]))
			}
		}
	}
}

func keep(t *testing.T, name string, html []byte) {
	if *gallery == "" {
		return
	}
	static := filepath.Join(*gallery, "static")
	if _, err := os.Stat(static); os.IsNotExist(err) {
		if err := os.CopyFS(static, os.DirFS("static")); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(*gallery, name), html, 0o644); err != nil {
		t.Fatal(err)
	}
}
