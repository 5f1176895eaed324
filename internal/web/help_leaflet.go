package web

import (
	"fmt"
	"net/http"
	"strings"
	"sync"

	"clave/internal/guide"
	"clave/internal/locale"
	"clave/internal/pdf"
)

// leaflets holds each leaflet once it was asked for: it is the same for everybody.
type leaflets struct{ made sync.Map } // by language and name: func() ([]byte, error)

// leaflet answers GET /help/leaflet/pin.pdf: one page to print, which a screen reader reads in order.
func (s *Server) leaflet(w http.ResponseWriter, r *http.Request) {
	name, isPDF := strings.CutSuffix(r.PathValue("file"), ".pdf")
	lang := langOf(r)
	a, ok := guide.Leaflet(lang.Code(), name)
	if !ok || !isPDF {
		s.nowhere(w, r)
		return
	}
	lang, _ = locale.Lookup(a.Lang)
	built, _ := s.leaflets.made.LoadOrStore(a.Lang+"/"+name, sync.OnceValues(func() ([]byte, error) { return s.leafletPDF(lang, a) }))
	file, err := built.(func() ([]byte, error))()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Language", a.Lang)
	w.Header().Set("Content-Disposition", fmt.Sprintf(`inline; filename="clave-%s-%s.pdf"`, name, a.Lang))
	_, _ = w.Write(file) // the visitor may have gone
}

func (s *Server) leafletPDF(lang locale.Lang, a guide.Article) ([]byte, error) {
	a = a.Fill(s.guideValues())
	d := pdf.New(lang.Code(), a.Title)
	d.Letterhead(lang.Text("site.name"), lang.Text("post.letterhead"))
	d.Heading(a.Title)
	d.Paragraph(a.Summary)
	for _, b := range a.Blocks {
		var lines []string
		for _, line := range b.Lines {
			lines = append(lines, line.Text())
		}
		switch b.Kind {
		case guide.Heading:
			d.Subheading(lines[0])
		case guide.Paragraph:
			d.Paragraph(lines[0])
		case guide.List:
			d.List(lines...)
		case guide.Steps:
			d.Steps(lines...)
		}
	}
	whole := s.Origin + helpPath + "/" + a.Slug
	d.QR(whole, lang.Text("leaflet.qr-alt"), lang.Text("leaflet.qr", "page", whole))
	d.Footer(lang.Text("post.footer", "url", s.Origin))
	return d.Bytes()
}
