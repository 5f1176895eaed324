package pdf

import (
	"fmt"
	"strings"
)

// A node is one element of the structure tree (ISO 32000-1 §14.7.2): a role from the standard set (§14.8.4), an attribute dictionary
// without its brackets, and a text that a screen reader speaks instead of the content.
type node struct {
	role, attributes, alt string
	kids                  []kid
	parent                *node
	object                int
}

// A kid is an element below or, if there is none, a marked-content sequence on a page.
type kid struct {
	node       *node
	page, mcid int
}

func (n *node) child(role string) *node {
	c := &node{role: role, parent: n}
	n.kids = append(n.kids, kid{node: c})
	return c
}

// mark runs draw as content of n. Its number is the place of n in the page's row of the parent tree.
func (l *layout) mark(n *node, draw func()) {
	page := l.f.PageNo()
	mcid := len(l.marks[page-1])
	l.marks[page-1] = append(l.marks[page-1], n)
	n.kids = append(n.kids, kid{page: page, mcid: mcid})
	l.f.RawWriteStr(fmt.Sprintf("/%s <</MCID %d>> BDC", n.role, mcid))
	draw()
	l.f.RawWriteStr("EMC")
}

// decorate runs draw as an artifact, which a screen reader passes over (§14.8.2.2).
func (l *layout) decorate(draw func()) {
	l.f.RawWriteStr("/Artifact BMC")
	draw()
	l.f.RawWriteStr("EMC")
}

// edge is an artifact of pagination: where is "Header" or "Footer".
func (l *layout) edge(where string, draw func()) {
	l.f.RawWriteStr("/Artifact <</Type /Pagination /Subtype /" + where + ">> BDC")
	draw()
	l.f.RawWriteStr("EMC")
}

// dictionary is the structure element as a PDF object; pages holds the object number of each page.
func (n *node) dictionary(parent int, pages []int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<</Type /StructElem /S /%s /P %d 0 R", n.role, parent)
	if n.alt != "" {
		b.WriteString(" /Alt " + textString(n.alt))
	}
	if n.attributes != "" {
		b.WriteString(" /A <<" + n.attributes + ">>")
	}
	b.WriteString(" /K [")
	for _, k := range n.kids {
		if k.node != nil {
			fmt.Fprintf(&b, "%d 0 R ", k.node.object)
			continue
		}
		fmt.Fprintf(&b, "<</Type /MCR /Pg %d 0 R /MCID %d>> ", pages[k.page-1], k.mcid)
	}
	b.WriteString("]>>")
	return b.String()
}

// walk visits n and everything below it, parents first.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, k := range n.kids {
		if k.node != nil {
			k.node.walk(visit)
		}
	}
}
