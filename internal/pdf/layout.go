package pdf

import (
	"bytes"

	"codeberg.org/go-pdf/fpdf"
)

// The A4 page in millimetres. A4 in three folds for a DL envelope is folded at 99 and 198.
const (
	pageWidth, pageHeight = 210.0, 297.0
	left, right           = 25.0, 20.0
	measure               = pageWidth - left - right
	firstTop, top         = 14.0, 26.0
	footBase              = pageHeight - 12
	footLinesMost         = 5
)

// A block knows its height and the least part of it that may stand alone at the foot of a page, both in millimetres.
type block interface {
	height() float64
	least() float64
	draw(*layout)
}

// A layout puts blocks on pages from top to bottom.
type layout struct {
	f         *fpdf.Fpdf
	y, bottom float64
	root      *node
	marks     [][]*node // by page, then by marked-content number
	font      style
	foot      []string
}

func newLayout(d *Doc) *layout {
	f := fpdf.New("P", "mm", "A4", "")
	f.SetCatalogSort(true)
	f.SetMargins(left, top, right)
	f.SetAutoPageBreak(false, 0)
	for _, name := range d.faces() {
		// fpdf writes into the bytes of a font while it cuts it, so that documents made at once would spoil each other's.
		f.AddUTF8FontFromBytes(string(name), "", bytes.Clone(truetype[name]))
	}
	l := &layout{f: f, root: &node{role: "Document"}}
	l.foot = footStyle.wrap(d.footer, measure-25)
	if len(l.foot) > footLinesMost {
		l.foot = append(l.foot[:footLinesMost-1], "…")
	}
	l.bottom = footBase - float64(max(1, len(l.foot)))*footStyle.lead - 6
	l.addPage()
	l.y = firstTop
	return l
}

// faces leaves out the fonts that the document does not use: each costs about 5 ms and 15 kB.
func (d *Doc) faces() []face {
	for _, b := range d.blocks {
		if _, ok := b.(*code); ok {
			return []face{regular, bold, mono}
		}
	}
	return []face{regular, bold}
}

func (l *layout) addPage() {
	l.f.AddPage()
	l.marks = append(l.marks, nil)
	l.font = style{}
	l.y = top
}

// fresh says that nothing stands on the page yet, so that a block that does not fit here fits nowhere.
func (l *layout) fresh() bool { return l.y <= top }

// room begins a new page if fewer than h millimetres are left on this one.
func (l *layout) room(h float64) {
	if l.y+h > l.bottom && !l.fresh() {
		l.addPage()
	}
}

func (l *layout) place(blocks []block) {
	for i, b := range blocks {
		l.room(l.together(blocks[i:]))
		b.draw(l)
	}
}

// together is the height that the first of blocks asks for: with what it must not be parted from.
func (l *layout) together(blocks []block) float64 {
	switch b := blocks[0].(type) {
	case *cut:
		return l.detachable(blocks)
	case *text:
		if b.keep && len(blocks) > 1 {
			return b.height() + l.together(blocks[1:])
		}
	}
	return blocks[0].least()
}

// detachable is the height of the slip below a cut: all of it, unless no page could hold it.
func (l *layout) detachable(blocks []block) float64 {
	sum := 0.0
	for _, b := range blocks {
		sum += b.height()
	}
	if sum > l.bottom-top {
		return blocks[0].least()
	}
	return sum
}

// flow draws lines as content of n from l.y on, over as many pages as they need, never one line alone on a page.
func (l *layout) flow(n *node, st style, x float64, lines []string) {
	for len(lines) > 0 {
		fit := int((l.bottom - l.y) / st.lead)
		if rest := len(lines) - fit; rest == 1 && fit > 2 {
			fit--
		}
		fit = min(fit, len(lines))
		if fit < min(2, len(lines)) && !l.fresh() {
			l.addPage()
			continue
		}
		fit = max(fit, 1)
		l.lines(n, st, x, lines[:fit])
		if lines = lines[fit:]; len(lines) > 0 {
			l.addPage()
		}
	}
}

// lines draws lines that all fit on this page.
func (l *layout) lines(n *node, st style, x float64, lines []string) {
	l.mark(n, func() {
		for _, line := range lines {
			l.write(st, x, line)
			l.y += st.lead
		}
	})
}

// write puts one line in the line box whose top is l.y; 0.72 of the size is the height of a capital.
func (l *layout) write(st style, x float64, line string) {
	if st.face != l.font.face || st.size != l.font.size {
		l.f.SetFont(string(st.face), "", st.size)
	}
	if st.colour != l.font.colour {
		l.f.SetTextColor(st.colour.r, st.colour.g, st.colour.b)
	}
	l.font = st
	l.f.Text(x, l.y+(st.lead+0.72*st.size*mmPerPoint)/2, line)
}

func (l *layout) rule(x1, y1, x2, y2, thickness float64, c colour) {
	l.f.SetDrawColor(c.r, c.g, c.b)
	l.f.SetLineWidth(thickness)
	l.f.Line(x1, y1, x2, y2)
}
