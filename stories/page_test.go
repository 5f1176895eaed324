package stories_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// page is what a browser shows.
type page struct {
	url    *url.URL
	status int
	root   *html.Node
	plain  string            // of what is no HTML
	typed  map[string]string // what the person wrote, by the field's name
	chosen map[*html.Node]bool
}

func readPage(resp *http.Response) (*page, error) {
	defer resp.Body.Close()
	p := &page{url: resp.Request.URL, status: resp.StatusCode, typed: map[string]string{}, chosen: map[*html.Node]bool{}}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 500 {
		return nil, fmt.Errorf("%s answered %d:\n%s", p.url, p.status, body)
	}
	if resp.Header.Get("Content-Type") == "application/pdf" {
		p.plain, err = pdfText(body)
		return p, err
	}
	p.root, err = html.Parse(strings.NewReader(string(body)))
	return p, err
}

// text is what the person reads: the text, and what stands in the fields.
func (p *page) text() string {
	if p.root == nil {
		return p.plain
	}
	return oneLine(readable(p.root))
}

func readable(n *html.Node) string {
	switch {
	case n.Type == html.TextNode:
		return n.Data
	case n.Type == html.ElementNode && has(n, "hidden"), n.Data == "script", n.Data == "style", n.Data == "head" && n.Type == html.ElementNode:
		return ""
	case n.Data == "input" && !slices.Contains([]string{"hidden", "radio", "checkbox"}, attr(n, "type")):
		return " " + attr(n, "value") + " "
	}
	var b strings.Builder
	for c := range n.ChildNodes() {
		b.WriteString(readable(c))
	}
	if block := n.Data != "strong" && n.Data != "em" && n.Data != "code" && n.Data != "a" && n.Data != "time"; block {
		return " " + b.String() + " "
	}
	return b.String()
}

// passage is the form of a page that only passes the person on to another site: it would post itself, and without
// JavaScript the person presses its one button.
func (p *page) passage() *html.Node {
	for f := range p.all("form") {
		to, err := p.url.Parse(attr(f, "action"))
		if err == nil && to.Host != p.url.Host && attr(f, "method") == "post" {
			return f
		}
	}
	return nil
}

// press finds a button or a link by its words.
func (p *page) press(text string) (request, error) {
	var words []string
	for n := range p.elements() {
		if n.Data != "button" && n.Data != "a" {
			continue
		}
		said := oneLine(readable(n))
		if said != text {
			words = append(words, `"`+said+`"`)
			continue
		}
		if n.Data == "button" {
			return p.submit(above(n, "form"), n), nil
		}
		to, err := p.url.Parse(attr(n, "href"))
		return request{method: http.MethodGet, address: fmt.Sprint(to), from: p.url}, err
	}
	return request{}, fmt.Errorf("nothing to press has these words, but %s do, on:\n%s", strings.Join(words, ", "), p.text())
}

// pressUnder finds the one button that a heading's card has.
func (p *page) pressUnder(heading string) (request, error) {
	for n := range p.elements() {
		if (n.Data != "h2" && n.Data != "h3") || oneLine(readable(n)) != heading {
			continue
		}
		for b := range n.Parent.Descendants() {
			if b.Data == "button" {
				return p.submit(above(b, "form"), b), nil
			}
		}
	}
	return request{}, fmt.Errorf("no card has that heading:\n%s", p.text())
}

// write types into the field with that label.
func (p *page) write(label, text string) error {
	n, err := p.labelled(label)
	if err != nil {
		return err
	}
	p.typed[attr(n, "name")] = text
	return nil
}

// choose ticks a box or one of several circles.
func (p *page) choose(label string) error {
	n, err := p.labelled(label)
	if err != nil {
		return err
	}
	p.chosen[n] = true
	return nil
}

func (p *page) labelled(label string) (*html.Node, error) {
	var words []string
	for l := range p.all("label") {
		said := oneLine(readable(l))
		if said != label {
			words = append(words, `"`+said+`"`)
			continue
		}
		for n := range p.elements() {
			if attr(n, "id") == attr(l, "for") && attr(n, "id") != "" {
				return n, nil
			}
		}
	}
	return nil, fmt.Errorf("no field has this label, but %s do, on:\n%s", strings.Join(words, ", "), p.text())
}

// submit sends a form with the fields that a browser would send; button is the one that was pressed, if any.
func (p *page) submit(form, button *html.Node) request {
	values := url.Values{}
	for n := range form.Descendants() {
		name := attr(n, "name")
		if n.Type != html.ElementNode || n.Data != "input" || name == "" || !p.sent(n) {
			continue
		}
		value, ok := p.typed[name]
		if !ok {
			value = attr(n, "value")
		}
		values.Add(name, value)
	}
	if button == nil || attr(button, "name") == "" {
		return p.request(form, values)
	}
	values.Add(attr(button, "name"), attr(button, "value"))
	return p.request(form, values)
}

// sent tells whether a box or a circle is ticked; every other field is sent.
func (p *page) sent(n *html.Node) bool {
	kind := attr(n, "type")
	if kind != "radio" && kind != "checkbox" {
		return true
	}
	return p.chosen[n] || has(n, "checked") && !(kind == "radio" && len(p.chosen) > 0)
}

func (p *page) request(form *html.Node, values url.Values) request {
	to, err := p.url.Parse(attr(form, "action"))
	if err != nil {
		to = p.url
	}
	if attr(form, "method") == "post" {
		return request{http.MethodPost, to.String(), values, p.url}
	}
	to.RawQuery = values.Encode()
	return request{http.MethodGet, to.String(), nil, p.url}
}

func (p *page) control(name string) *html.Node {
	for n := range p.all("input") {
		if attr(n, "name") == name {
			return n
		}
	}
	return nil
}

func (p *page) formOf(name string) *html.Node { return above(p.control(name), "form") }
