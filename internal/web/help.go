package web

import (
	"net/http"
	"net/url"
	"strings"

	"clave/internal/guide"
	"clave/internal/locale"
)

const (
	helpPath    = "/help"
	contactPath = helpPath + "/contact"
	sentPath    = contactPath + "/sent"
	leafletPath = helpPath + "/leaflet/"
)

func (s *Server) helpRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+helpPath, s.helpPage)
	mux.HandleFunc("GET "+helpPath+"/{slug}", s.articlePage)
	mux.HandleFunc("GET "+leafletPath+"{file}", s.leaflet)
	mux.HandleFunc("GET "+contactPath, s.questionForm)
	mux.HandleFunc("POST "+contactPath, s.takeQuestion)
	mux.HandleFunc("GET "+sentPath, s.wordsPage(sentWords))
}

// helpLink leads to an article. Lang is empty when it is in the page's language.
type helpLink struct{ URL, Title, Summary, Lang string }

func (p page) helpLink(a guide.Article) helpLink {
	l := helpLink{URL: helpPath + "/" + a.Slug, Title: a.Title, Summary: a.Summary}
	if a.Lang != p.Lang.Code() {
		l.Lang = a.Lang
	}
	return l
}

// findArticle is an article in the page's language, or in Spanish.
func (p page) findArticle(slug string) (guide.Article, bool) { return guide.Find(p.Lang.Code(), slug) }

type helpPage struct {
	page
	Query    field
	Asked    string // what the search says, in a sentence
	Found    []helpLink
	Topics   []helpTopic
	Leaflets []helpLink
	Ask      reach
}

type helpTopic struct {
	Title string
	Links []helpLink
}

// reach is how to reach a person.
type reach struct {
	Lang       locale.Lang
	Phone, URL string
}

// helpPage is the search and the list of all articles. What is searched for is not kept and not logged: people type their
// numbers into search boxes. A reference leads to its own article.
func (s *Server) helpPage(w http.ResponseWriter, r *http.Request) {
	data, query := helpPage{page: s.page(r)}, strings.TrimSpace(r.URL.Query().Get("q"))
	found := guide.Search(data.Lang.Code(), query)
	if ref, err := ReadReference(s.Ring, query, s.Now()); err == nil && len(found) == 0 {
		to := helpPath + "/" + ref.Article() + "?" + url.Values{"reference": {normalReference(query)}}.Encode()
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	data.Query = field{Lang: data.Lang, Kind: "search", Name: "q", Label: data.T("help.search"), Hint: data.T("help.search-hint"), Value: query}
	data.search(query, found)
	data.list()
	data.Ask = s.reach(data.page, "", "")
	s.show(w, r, http.StatusOK, "help.html", data)
}

func (p *helpPage) search(query string, found []guide.Article) {
	switch {
	case query == "":
	case len(found) == 0:
		p.Asked = p.T("help.none", "query", query)
	default:
		p.Asked = p.T("help.found", "n", len(found), "query", query)
	}
	for _, a := range found {
		p.Found = append(p.Found, p.helpLink(a))
	}
}

func (p *helpPage) list() {
	for _, t := range guide.Topics {
		topic := helpTopic{Title: p.T(t.Title)}
		for _, slug := range t.Slugs {
			if a, ok := p.findArticle(slug); ok {
				topic.Links = append(topic.Links, p.helpLink(a))
			}
		}
		p.Topics = append(p.Topics, topic)
	}
	for _, name := range guide.Leaflets() {
		if a, ok := guide.Leaflet(p.Lang.Code(), name); ok {
			p.Leaflets = append(p.Leaflets, helpLink{URL: leafletPath + name + ".pdf?lang=" + p.Lang.Code(), Title: p.T("help.leaflet", "title", a.Title)})
		}
	}
}

// reach is how to reach a person from a page. The question's form knows the reference and the page; both are no secrets.
func (s *Server) reach(p page, reference, from string) reach {
	a := reach{Lang: p.Lang, Phone: s.Help.Phone}
	if s.Desk != nil {
		a.URL = contactURL(reference, from)
	}
	return a
}

func contactURL(reference, from string) string {
	values := url.Values{}
	for name, value := range map[string]string{"reference": reference, "page": from} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return strings.TrimSuffix(contactPath+"?"+values.Encode(), "?")
}

// placeOf names the page of a request without what the address says of the visitor: "/login/{id}/pin".
func placeOf(r *http.Request) string {
	_, place, found := strings.Cut(r.Pattern, " ")
	if !found {
		place = r.Pattern
	}
	return place
}
