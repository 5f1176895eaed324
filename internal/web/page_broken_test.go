package web

import (
	"bytes"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clave/internal/locale"
)

// An error page that cannot be made is not answered with another error page, for ever.
func TestABrokenErrorPageEnds(t *testing.T) {
	spanish := templates[locale.Match("es").Code()]
	whole := spanish[problemFile]
	defer func() { spanish[problemFile] = whole }()
	spanish[problemFile] = template.Must(template.New("layout").Parse(`{{.Nothing}}`))
	w := httptest.NewRecorder()
	(&Server{}).show(w, httptest.NewRequest("GET", "/", nil), http.StatusNotFound, problemFile, samplePage(locale.Match("es")))
	if w.Code != http.StatusInternalServerError {
		t.Errorf("%d", w.Code)
	}
}

// What a page puts into its head (a script, a refresh) is there.
func TestHeadOfAPage(t *testing.T) {
	var b bytes.Buffer
	s := &Server{}
	l := locale.Match("es")
	made, err := s.waitingPage(waitingKind{lang: l, post: true, kept: true})
	if err != nil || !strings.Contains(made, assetURL("wait.js")) {
		t.Errorf("the page lacks its script: %v\n%s", err, made)
	}
	if err := templates[l.Code()]["login-return.html"].ExecuteTemplate(&b, "login-return.html head", page{Lang: l}); err != nil || !strings.Contains(b.String(), assetURL("post.js")) {
		t.Errorf("the page lacks its script: %v", err)
	}
}
