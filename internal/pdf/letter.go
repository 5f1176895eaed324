package pdf

import (
	"strconv"
	"strings"
)

// The window. Spain's usual envelope for a letter in three folds is the DL or "americano" with its window on the right. Makers
// differ, and the sheet slides in the envelope; from DL 110×220 (window 35×90, 20 from the right, 20 from below) to americano 115×225
// (45×100, 15 from the right, 20 from below) a point of the sheet
//   - is always seen between 110 and 190 across and 55 and 79 down: there the address stands;
//   - may be seen between 95 and 210 across and 34 and 95 down: there nothing else may stand, or the postman reads it.
const (
	windowLeft, windowRight   = 112.0, 190.0
	windowTop, windowBottom   = 55.0, 79.0
	exposedTop, exposedBottom = 34.0, 95.0
)

type letterhead struct {
	nameStyle, subStyle style
	name, subtitle      []string
}

// Letterhead puts the issuer's name and, below it, what part of it writes at the top of the page, over a thin coloured rule. A long
// name or subtitle is set smaller and in two lines, so that the rule stays above what the window may show.
func (d *Doc) Letterhead(name, subtitle string) {
	b := &letterhead{}
	b.nameStyle, b.name = style{bold, 15, 6.6, accent}.wrapWithin(name, measure, 11, 8)
	b.subStyle, b.subtitle = style{regular, 10, 4.8, muted}.wrapWithin(subtitle, measure, 6.8, 7)
	d.add(b)
}

func (b *letterhead) height() float64 {
	return float64(len(b.name))*b.nameStyle.lead + float64(len(b.subtitle))*b.subStyle.lead + 12
}

func (b *letterhead) least() float64 { return b.height() }

func (b *letterhead) draw(l *layout) {
	if len(b.name) > 0 {
		l.flow(l.root.child("P"), b.nameStyle, left, b.name)
	}
	if len(b.subtitle) > 0 {
		l.flow(l.root.child("P"), b.subStyle, left, b.subtitle)
	}
	l.y += 2
	l.decorate(func() { l.rule(left, l.y, pageWidth-right, l.y, 0.7, accent) })
	l.y += 10
}

type address struct {
	style style
	lines []string
}

// Address puts the addressee where the window of a DL envelope with its window on the right shows it, and the rest of the letter
// below the first fold. Long lines wrap, and many lines are set smaller, down to 7 points, at which seven lines of some 55 letters fit.
// It belongs right after the letterhead.
func (d *Doc) Address(lines ...string) {
	b := &address{}
	b.style, b.lines = style{regular, 11, 4.8, ink}.wrapWithin(strings.Join(lines, "\n"), windowRight-windowLeft, windowBottom-windowTop, 7)
	if len(b.lines) > 0 {
		d.add(b)
	}
}

func (b *address) height() float64 { return float64(len(b.lines)) * b.style.lead }

func (b *address) least() float64 { return min(b.height(), windowBottom-windowTop) }

func (b *address) draw(l *layout) {
	l.y = max(l.y, windowTop)
	l.flow(l.root.child("P"), b.style, windowLeft, b.lines)
	l.y = max(l.y, exposedBottom) + 6
	l.decorate(func() {
		l.rule(5, pageHeight/3, 9, pageHeight/3, 0.2, hair)
		l.rule(5, pageHeight/3*2, 9, pageHeight/3*2, 0.2, hair)
	})
}

// A cut is a dashed line with what it says below it.
type cut struct{ text }

// CutLine adds a dashed line. What follows it is to be detached and stays with it on one page.
func (d *Doc) CutLine(s string) {
	d.add(&cut{text{"P", smallStyle, smallStyle.wrap(s, measure), 8, 4, true}})
}

func (b *cut) draw(l *layout) {
	l.y += b.before - 2
	l.decorate(func() {
		l.f.SetDashPattern([]float64{2, 1.6}, 0)
		l.rule(0, l.y, pageWidth, l.y, 0.3, muted)
		l.f.SetDashPattern(nil, 0)
	})
	l.y += 2
	if len(b.lines) > 0 {
		l.flow(l.root.child("P"), b.style, left, b.lines)
	}
	l.y += b.after
}

// edges draws what stands outside the text: the title on the pages after the first, the footer and the page number on all.
func (l *layout) edges(d *Doc) {
	for page := 1; page <= len(l.marks); page++ {
		l.f.SetPage(page)
		l.font = style{}
		if page > 1 {
			l.edge("Header", func() { l.header(d.title) })
		}
		l.edge("Footer", func() { l.footer(page) })
	}
}

func (l *layout) header(title string) {
	l.y = firstTop
	lines := footStyle.wrap(title, measure-5)
	if len(lines) > 1 {
		lines[0] += "…"
	}
	l.write(footStyle, left, lines[0])
	l.rule(left, l.y+5, pageWidth-right, l.y+5, 0.2, hair)
}

func (l *layout) footer(page int) {
	l.y = footBase - float64(max(1, len(l.foot)))*footStyle.lead
	l.rule(left, l.y-1.5, pageWidth-right, l.y-1.5, 0.2, hair)
	number := strconv.Itoa(page) + " / " + strconv.Itoa(len(l.marks))
	l.write(footStyle, pageWidth-right-footStyle.width(number), number)
	for _, line := range l.foot {
		l.write(footStyle, left, line)
		l.y += footStyle.lead
	}
}
