package pdf

import "strings"

const (
	codePadding  = 3.5
	codeLinesMax = 4
)

// A code is a secret in large type on a tinted ground.
type code struct {
	style  style
	lines  []string
	spoken string
}

// Code adds a label and, below it, a code that is easy to copy by hand. A code without spaces is shown in groups of four. A screen
// reader says spoken instead of the code; if spoken is empty, it spells the code letter by letter with a pause after each group.
// Copying from the screen gives the code as it is shown.
func (d *Doc) Code(label, groups string, spoken string) {
	groups = printable(groups)
	if !strings.Contains(groups, " ") {
		groups = inFours(groups)
	}
	b := &code{spoken: visible(spoken)}
	b.style, b.lines = codeStyle.wrapWithin(groups, measure-4*codePadding, codeStyle.lead, 16)
	if n := len(b.lines); n == 0 || n > codeLinesMax {
		d.fail(ErrCode)
		return
	}
	if b.spoken == "" {
		b.spoken = spell(groups)
	}
	d.addText("P", labelStyle, label, 2, 1, true)
	d.add(b)
}

func inFours(s string) string {
	var b strings.Builder
	for i, r := range []rune(s) {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func spell(groups string) string {
	var spelled []string
	for group := range strings.FieldsSeq(groups) {
		spelled = append(spelled, strings.Join(strings.Split(group, ""), " "))
	}
	return strings.Join(spelled, ", ")
}

func (b *code) box() float64 { return float64(len(b.lines))*b.style.lead + 2*codePadding }

func (b *code) height() float64 { return b.box() + 5 }

func (b *code) least() float64 { return b.box() }

func (b *code) draw(l *layout) {
	l.decorate(func() {
		l.f.SetFillColor(tint.r, tint.g, tint.b)
		l.f.Rect(left, l.y, measure, b.box(), "F")
		l.f.SetFillColor(accent.r, accent.g, accent.b)
		l.f.Rect(left, l.y, 1, b.box(), "F")
	})
	l.y += codePadding
	n := l.root.child("P").child("Span")
	n.alt = b.spoken
	l.lines(n, b.style, left+2*codePadding, b.lines)
	l.y += codePadding + 5
}
