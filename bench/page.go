package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// page is what a browser shows.
type page struct {
	at      *url.URL
	away    *url.URL      // the service to which a redirect leads from here
	wait    time.Duration // until it is to be asked again: there are too many
	heading string
	forms   []form
}

// form is one form of a page, with what its fields hold when nobody touches them.
type form struct {
	action *url.URL
	post   bool
	fields url.Values
	button bool // its first button, the one that Enter presses, was found
}

// refusal is a page with another status than 200.
type refusal struct {
	method, path string
	status       int
	heading      string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s %s: %d: %q", r.method, r.path, r.status, r.heading)
}

// readPage reads an answer. Errors: anything but a page with status 200, or a redirect to a service.
func readPage(answer *http.Response) (page, error) {
	root, err := html.Parse(answer.Body)
	if err != nil {
		return page{}, err
	}
	p := page{at: answer.Request.URL}
	p.read(root, nil)
	if answer.StatusCode == http.StatusSeeOther {
		p.away, err = answer.Location()
		return p, err
	}
	if p.wait = wait(answer); p.wait > 0 {
		return p, nil
	}
	if answer.StatusCode != http.StatusOK {
		return p, &refusal{answer.Request.Method, p.at.Path, answer.StatusCode, p.heading}
	}
	return p, nil
}

func (p *page) read(n *html.Node, in *form) {
	if n.Type == html.ElementNode {
		switch n.DataAtom {
		case atom.H1:
			p.heading = text(n)
		case atom.Form:
			in = p.newForm(n)
			defer func() { p.forms = append(p.forms, *in) }()
		case atom.Input, atom.Button:
			in.take(n)
		}
	}
	for c := range n.ChildNodes() {
		p.read(c, in)
	}
}

func (p *page) newForm(n *html.Node) *form {
	f := &form{action: p.at, post: strings.EqualFold(attribute(n, "method"), "post"), fields: url.Values{}}
	if action, err := p.at.Parse(attribute(n, "action")); err == nil {
		f.action = action
	}
	return f
}

// take adds what an untouched input or the first button would send.
func (f *form) take(n *html.Node) {
	name, kind := attribute(n, "name"), strings.ToLower(attribute(n, "type"))
	isButton := n.DataAtom == atom.Button || kind == "submit"
	switch {
	case f == nil:
		return
	case isButton && f.button, (kind == "checkbox" || kind == "radio") && !has(n, "checked"):
		return
	case isButton:
		f.button = true
	}
	if name != "" {
		f.fields.Add(name, attribute(n, "value"))
	}
}

// form finds the form that has a field.
func (p page) form(field string) (form, bool) {
	for _, f := range p.forms {
		if f.post && f.fields.Has(field) {
			return f, true
		}
	}
	return form{}, false
}

func text(n *html.Node) string {
	var words []string
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			words = append(words, strings.Fields(d.Data)...)
		}
	}
	return strings.Join(words, " ")
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}
