package pdf

import "strconv"

// A text is a paragraph, a heading or a caption.
type text struct {
	role          string
	style         style
	lines         []string
	before, after float64
	keep          bool // stays on the page of the block that follows
}

func (t *text) height() float64 { return t.before + float64(len(t.lines))*t.style.lead + t.after }

// least keeps up to three lines together, else two of them.
func (t *text) least() float64 {
	n := len(t.lines)
	if n > 3 {
		n = 2
	}
	return t.before + float64(n)*t.style.lead
}

func (t *text) draw(l *layout) {
	if !l.fresh() {
		l.y += t.before
	}
	l.flow(l.root.child(t.role), t.style, left, t.lines)
	l.y += t.after
}

func (d *Doc) addText(role string, st style, s string, before, after float64, keep bool) {
	if lines := st.wrap(s, measure); len(lines) > 0 {
		d.add(&text{role, st, lines, before, after, keep})
	}
}

// Heading adds a heading of the first level (H1).
func (d *Doc) Heading(s string) { d.addText("H1", headingStyle, s, 3, 3, true) }

// Subheading adds a heading of the second level (H2).
func (d *Doc) Subheading(s string) { d.addText("H2", subStyle, s, 3, 1.5, true) }

// Paragraph adds running text. A line feed in it begins a new line.
func (d *Doc) Paragraph(s string) { d.addText("P", bodyStyle, s, 0, 3, false) }

// listIndent is from the margin to the text of an item.
const listIndent = 8.0

// An item is a bullet or number and the lines beside it.
type item struct {
	label string
	lines []string
}

type list struct {
	numbering string // ISO 32000-1 table 347
	items     []item
}

// List adds items with bullets.
func (d *Doc) List(items ...string) {
	d.addList("Disc", items, func(int) string { return "•" })
}

// Steps adds items with numbers from 1.
func (d *Doc) Steps(items ...string) {
	d.addList("Decimal", items, func(n int) string { return strconv.Itoa(n) + "." })
}

func (d *Doc) addList(numbering string, texts []string, label func(int) string) {
	b := &list{numbering: numbering}
	for _, t := range texts {
		if lines := bodyStyle.wrap(t, measure-listIndent); len(lines) > 0 {
			b.items = append(b.items, item{label(len(b.items) + 1), lines})
		}
	}
	if len(b.items) > 0 {
		d.add(b)
	}
}

// itemGap parts the items of a list.
const itemGap = 1.5

func (b *list) height() float64 {
	sum := 2.0
	for _, it := range b.items {
		sum += it.height() + itemGap
	}
	return sum
}

func (b *list) least() float64 { return b.items[0].least() }

func (it item) height() float64 { return float64(len(it.lines)) * bodyStyle.lead }

func (it item) least() float64 { return float64(min(len(it.lines), 3)) * bodyStyle.lead }

func (b *list) draw(l *layout) {
	n := l.root.child("L")
	n.attributes = "/O /List /ListNumbering /" + b.numbering
	for _, it := range b.items {
		l.room(it.least())
		it.draw(l, n.child("LI"))
		l.y += itemGap
	}
	l.y += 2
}

func (it item) draw(l *layout, n *node) {
	label := strongStyle
	label.colour = accent
	l.mark(n.child("Lbl"), func() { l.write(label, left+listIndent-2.5-label.width(it.label), it.label) })
	l.flow(n.child("LBody"), bodyStyle, left+listIndent, it.lines)
}
