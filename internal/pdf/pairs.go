package pdf

// A Pair is a label and the value it names.
type Pair struct{ Label, Value string }

// A row is a pair with both sides wrapped.
type row struct{ label, value []string }

type pairs struct {
	rows  []row
	value float64 // where values begin
}

// Pairs adds a table with a row for each pair; the label is the header of its row. A pair without any text is
// left out.
func (d *Doc) Pairs(ps []Pair) {
	const gutter, least, most = 6.0, 30.0, 62.0
	wide := least
	for _, p := range ps {
		wide = max(wide, min(most, labelStyle.width(printable(p.Label))))
	}
	b := &pairs{value: left + wide + gutter}
	for _, p := range ps {
		r := row{labelStyle.wrap(p.Label, wide+0.1), strongStyle.wrap(p.Value, measure-wide-gutter)}
		if len(r.label)+len(r.value) > 0 {
			b.rows = append(b.rows, r)
		}
	}
	if len(b.rows) > 0 {
		d.add(b)
	}
}

// rowPadding stands above and below the text of a row.
const rowPadding = 1.3

func (r row) lines() int { return max(1, len(r.label), len(r.value)) }

func (r row) height() float64 { return float64(r.lines())*labelStyle.lead + 2*rowPadding }

// least keeps a row whole unless it is a long one.
func (r row) least() float64 { return float64(min(r.lines(), 6))*labelStyle.lead + 2*rowPadding }

func (b *pairs) height() float64 {
	sum := 5.0
	for _, r := range b.rows {
		sum += r.height()
	}
	return sum
}

func (b *pairs) least() float64 { return b.rows[0].least() }

func (b *pairs) draw(l *layout) {
	table := l.root.child("Table")
	for _, r := range b.rows {
		l.room(r.least())
		b.drawRow(l, table.child("TR"), r)
	}
	l.y += 5
}

func (b *pairs) drawRow(l *layout, tr *node, r row) {
	label, value := tr.child("TH"), tr.child("TD")
	label.attributes = "/O /Table /Scope /Row"
	l.y += rowPadding
	for n := r.lines(); n > 0; {
		fit := max(1, min(n, int((l.bottom-l.y)/labelStyle.lead)))
		start := l.y
		r.label = l.column(label, labelStyle, left, r.label, fit)
		l.y = start
		r.value = l.column(value, strongStyle, b.value, r.value, fit)
		l.y = start + float64(fit)*labelStyle.lead
		if n -= fit; n > 0 {
			l.addPage()
		}
	}
	l.y += rowPadding
	l.decorate(func() { l.rule(left, l.y, pageWidth-right, l.y, 0.2, hair) })
}

// column draws up to n of lines and returns the rest.
func (l *layout) column(cell *node, st style, x float64, lines []string, n int) []string {
	n = min(n, len(lines))
	if n > 0 {
		l.lines(cell, st, x, lines[:n])
	}
	return lines[n:]
}
