package judges_test

import (
	"iter"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// submit sends a form as browsers do, which name the page's origin.
func submit(at, to *url.URL, form *html.Node, name, value string) (*http.Request, error) {
	values := url.Values{}
	for input := range elements(form, "input") {
		if kind := attribute(input, "type"); kind != "checkbox" && kind != "radio" {
			values.Set(attribute(input, "name"), attribute(input, "value"))
		}
	}
	if name != "" {
		values.Set(name, value)
	}
	r, err := http.NewRequest(http.MethodPost, to.String(), strings.NewReader(values.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", at.Scheme+"://"+at.Host)
	}
	return r, err
}

func elements(root *html.Node, kind string) iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		for n := range root.Descendants() {
			if n.Type == html.ElementNode && n.Data == kind && !yield(n) {
				return
			}
		}
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
