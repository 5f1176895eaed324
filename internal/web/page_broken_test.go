package web

import (
	"html/template"
	"net/http"
	"net/http/httptest"
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
