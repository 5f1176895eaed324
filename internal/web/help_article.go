package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"clave/internal/guide"
)

type articlePage struct {
	page
	Article   guide.Article
	Foreign   string // the article's language, when it is not the page's
	Said      *notice
	Related   []helpLink
	Ask       reach
	reference string
}

// Spans is a line of the article with addresses in its links.
func (p articlePage) Spans(line guide.Line) guide.Line {
	led := slices.Clone(line)
	for i, s := range led {
		led[i].To = p.leads(s.To)
	}
	return led
}

// leads is where a link of the article leads. The form for questions keeps the reference.
func (p articlePage) leads(to string) string {
	switch {
	case to == "":
		return ""
	case to == contactPath:
		return contactURL(p.reference, "")
	case strings.HasPrefix(to, "/"):
		return to
	default:
		return helpPath + "/" + to
	}
}

func (s *Server) articlePage(w http.ResponseWriter, r *http.Request) {
	data := articlePage{page: s.page(r)}
	a, ok := data.findArticle(r.PathValue("slug"))
	if !ok {
		s.nowhere(w, r)
		return
	}
	data.Article = a.Fill(s.guideValues())
	if a.Lang != data.Lang.Code() {
		data.Foreign = a.Lang
	}
	data.answers(s, r)
	for _, slug := range a.Related {
		if other, ok := data.findArticle(slug); ok {
			data.Related = append(data.Related, data.helpLink(other))
		}
	}
	data.Ask = s.reach(data.page, data.reference, "")
	s.show(w, r, http.StatusOK, "help-article.html", data)
}

// answers says which error page the article answers, when the visitor comes with its reference.
func (p *articlePage) answers(s *Server, r *http.Request) {
	typed := r.URL.Query().Get("reference")
	ref, err := ReadReference(s.Ring, typed, s.Now())
	if err != nil || ref.Article() != p.Article.Slug {
		return
	}
	p.reference = normalReference(typed)
	p.Said = &notice{Kind: "info", Title: p.T("help.reference", "reference", p.reference), Text: []string{
		p.T("help.reference-said", "date", p.Lang.Date(ref.At), "time", p.Lang.Clock(ref.At), "problem", ref.Title(p.Lang)),
	}}
}

func (s *Server) guideValues() guide.Values {
	return guide.Values{Phone: s.Help.Phone, Address: s.Help.Address, Origin: s.Origin}
}

// more is what every error page offers: the article that answers it, and the form that carries its reference.
type more struct{ Answer, Write helpLink }

func (s *Server) more(p page, r *http.Request, key, reference string) more {
	var m more
	if a, ok := p.findArticle(errorPages[key].article); ok {
		m.Answer = p.helpLink(a)
		m.Answer.Title = p.T("problem.more", "title", a.Title)
		m.Answer.URL += "?" + url.Values{"reference": {reference}}.Encode()
	}
	if s.Desk != nil {
		m.Write = helpLink{URL: contactURL(reference, placeOf(r)), Title: p.T("problem.write")}
	}
	return m
}
