package stories_test

import (
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// page is what a browser shows.
type page struct {
	url    *url.URL
	root   *html.Node
	plain  string                // of what is no HTML
	filled map[*html.Node]string // what the person wrote into fields, and "" for what they ticked
}

func readPage(resp *http.Response) (*page, error) {
	defer resp.Body.Close()
	p := &page{url: resp.Request.URL, filled: map[*html.Node]string{}}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 500 {
		return nil, fmt.Errorf("%s answered %s:\n%s", p.url, resp.Status, body)
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

// within are the elements that stand within a text and do not break it.
var within = []string{"a", "code", "em", "span", "strong", "time"}

func readable(n *html.Node) string {
	_, hidden := attr(n, "hidden")
	switch {
	case n.Type == html.TextNode:
		return n.Data
	case hidden, n.Data == "script", n.Data == "head":
		return ""
	case n.Data == "input" && !slices.Contains([]string{"hidden", "radio", "checkbox"}, value(n, "type")):
		return " " + value(n, "value") + " "
	}
	var b strings.Builder
	for c := range n.ChildNodes() {
		b.WriteString(readable(c))
	}
	if slices.Contains(within, n.Data) {
		return b.String()
	}
	return " " + b.String() + " "
}

// shown is what a sighted person reads of a control that tells a screen reader more.
func shown(n *html.Node) string {
	var b strings.Builder
	for c := range n.ChildNodes() {
		if value(c, "class") != "hidden" {
			b.WriteString(readable(c))
		}
	}
	return b.String()
}

// labelled finds the field, box or circle with a label.
func (p *page) labelled(label string) (*html.Node, error) {
	l, err := find(p.root, label, "label")
	if err != nil {
		return nil, err
	}
	return p.field("id", value(l, "for"))
}

// field finds an input by its name or id.
func (p *page) field(by, name string) (*html.Node, error) {
	for n := range all(p.root, "input") {
		if value(n, by) == name {
			return n, nil
		}
	}
	return nil, fmt.Errorf("no field %q on the page:\n%s", name, p.text())
}

// press presses a button or follows a link with these words.
func (p *page) press(words string) (request, error) {
	n, err := find(p.root, words, "button", "a")
	if err != nil || n.Data == "button" {
		return p.submit(above(n, "form"), n), err
	}
	to, err := p.url.Parse(value(n, "href"))
	return request{method: http.MethodGet, address: fmt.Sprint(to), from: p.url}, err
}

// submit sends a form as a browser does, with the name of the button that was pressed.
func (p *page) submit(form, button *html.Node) request {
	values := url.Values{}
	for n := range all(form, "input") {
		written, filled := p.filled[n]
		_, checked := attr(n, "checked")
		switch value(n, "type") {
		case "radio", "checkbox":
			if filled || checked {
				values.Add(value(n, "name"), value(n, "value"))
			}
		default:
			if !filled {
				written = value(n, "value")
			}
			values.Add(value(n, "name"), written)
		}
	}
	if name := value(button, "name"); name != "" {
		values.Add(name, value(button, "value"))
	}
	to, err := p.url.Parse(value(form, "action"))
	if err != nil {
		to = p.url
	}
	if value(form, "method") == "post" {
		return request{http.MethodPost, to.String(), values, p.url}
	}
	to.RawQuery = values.Encode()
	return request{http.MethodGet, to.String(), nil, p.url}
}

// passage is the form of a page that only passes the person on. It would post itself; without JavaScript the person
// presses its one button.
func (p *page) passage() *html.Node {
	for form := range all(p.root, "form") {
		if _, ours := attr(form, "data-post"); ours || value(form, "id") == "envio" {
			return form
		}
	}
	return nil
}

// find finds an element of one of some kinds by its words.
func find(root *html.Node, words string, kinds ...string) (*html.Node, error) {
	var others []string
	for n := range all(root, kinds...) {
		said := oneLine(readable(n))
		if said == words || oneLine(shown(n)) == words {
			return n, nil
		}
		others = append(others, `"`+said+`"`)
	}
	return nil, fmt.Errorf("no %s says that, but: %s", strings.Join(kinds, " or "), strings.Join(others, ", "))
}

func all(root *html.Node, kinds ...string) iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		if root == nil {
			return
		}
		for n := range root.Descendants() {
			if n.Type == html.ElementNode && slices.Contains(kinds, n.Data) && !yield(n) {
				return
			}
		}
	}
}

func above(n *html.Node, kind string) *html.Node {
	for n != nil && n.Data != kind {
		n = n.Parent
	}
	return n
}

func value(n *html.Node, name string) string {
	v, _ := attr(n, name)
	return v
}

func attr(n *html.Node, name string) (string, bool) {
	if n == nil {
		return "", false
	}
	i := slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
	if i < 0 {
		return "", false
	}
	return n.Attr[i].Val, true
}
