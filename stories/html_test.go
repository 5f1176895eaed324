package stories_test

import (
	"iter"

	"golang.org/x/net/html"
)

func (p *page) elements() iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		if p.root == nil {
			return
		}
		for n := range p.root.Descendants() {
			if n.Type == html.ElementNode && !yield(n) {
				return
			}
		}
	}
}

func (p *page) all(tag string) iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		for n := range p.elements() {
			if n.Data == tag && !yield(n) {
				return
			}
		}
	}
}

func above(n *html.Node, tag string) *html.Node {
	for n != nil && n.Data != tag {
		n = n.Parent
	}
	return n
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
