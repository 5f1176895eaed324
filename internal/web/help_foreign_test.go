package web

import (
	"bytes"
	"strings"
	"testing"

	"clave/internal/guide"
	"clave/internal/locale"
)

// A reader whose language an article lacks gets it in Spanish, and a screen reader is told so (WCAG 3.1.2).
func TestForeignArticleSaysItsLanguage(t *testing.T) {
	a, _ := guide.Find("es", "sms")
	p := page{Lang: locale.Match("en")}
	data := articlePage{page: p, Article: a, Foreign: a.Lang, Related: []helpLink{p.helpLink(a)}, Ask: reach{Lang: p.Lang, Phone: "060"}}
	var b bytes.Buffer
	if err := templates["en"]["help-article.html"].Execute(&b, data); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<article class="stack article" lang="es">`, "This text is only in Spanish so far.", `<li lang="es"><a href="/help/sms">`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page says no %q", want)
		}
	}
}
