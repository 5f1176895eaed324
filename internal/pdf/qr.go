package pdf

import (
	"cmp"
	"fmt"
	"strings"

	"rsc.io/qr"
)

// The squares of a QR are 0.75 mm wide if it then is neither smaller nor larger than these sides; under 0.4 mm a telephone fails.
const (
	qrModule, qrModuleLeast = 0.75, 0.4
	qrSideLeast, qrSideMost = 30.0, 56.0
	qrGutter                = 8.0
)

type figure struct {
	matrix  *qr.Code
	side    float64
	alt     string
	beside  []string // the caption, if it fits there
	caption *text    // or below
}

// QR adds a QR code of content. A screen reader says alt instead of it, or else the caption, or else the content; the caption stands
// beside it.
func (d *Doc) QR(content, alt, caption string) {
	matrix, err := qr.Encode(content, qr.M)
	if err != nil || float64(matrix.Size)*qrModuleLeast > qrSideMost {
		d.fail(ErrQR)
		return
	}
	b := &figure{matrix: matrix, alt: cmp.Or(visible(alt), visible(caption), visible(content))}
	b.side = min(qrSideMost, max(qrSideLeast, float64(matrix.Size)*qrModule))
	b.beside = bodyStyle.wrap(caption, measure-b.side-qrGutter)
	if float64(len(b.beside))*bodyStyle.lead > b.side {
		b.beside = nil
		b.caption = &text{role: "P", style: bodyStyle, lines: bodyStyle.wrap(caption, measure), before: 3}
	}
	d.add(b)
}

func (b *figure) least() float64 { return b.side + b.quiet() }

func (b *figure) height() float64 {
	h := b.least() + b.quiet()
	if b.caption != nil {
		h += b.caption.height()
	}
	return h
}

// quiet is the white margin of four squares without which readers do not find the code (ISO/IEC 18004 §6.3.8).
func (b *figure) quiet() float64 { return 4 * b.side / float64(b.matrix.Size) }

func (b *figure) draw(l *layout) {
	l.y += b.quiet()
	n := l.root.child("Figure")
	n.alt = b.alt
	n.attributes = "/O /Layout /Placement /Block /BBox " + b.box(l.y)
	l.mark(n, func() { l.f.RawWriteStr(b.picture(l.y)) })
	below := l.y + b.side
	if len(b.beside) > 0 {
		l.y += (b.side - float64(len(b.beside))*bodyStyle.lead) / 2
		l.lines(l.root.child("P"), bodyStyle, left+b.side+qrGutter, b.beside)
	}
	l.y = below
	if b.caption != nil {
		b.caption.draw(l)
	}
	l.y += b.quiet()
}

// box is where the figure stands, in points from the page's lower left corner.
func (b *figure) box(y float64) string {
	const k = 1 / mmPerPoint
	return fmt.Sprintf("[%.2f %.2f %.2f %.2f]", left*k, (pageHeight-y-b.side)*k, (left+b.side)*k, (pageHeight-y)*k)
}

// picture is a one-bit mask painted in black: squares drawn one by one would show hairs of white between them.
func (b *figure) picture(y float64) string {
	const k = 1 / mmPerPoint
	var s strings.Builder
	fmt.Fprintf(&s, "q 0 g %.4f 0 0 %.4f %.4f %.4f cm\n", b.side*k, b.side*k, left*k, (pageHeight-y-b.side)*k)
	fmt.Fprintf(&s, "BI /W %d /H %d /BPC 1 /IM true /D [1 0] /F /AHx ID\n", b.matrix.Size, b.matrix.Size)
	packed := (b.matrix.Size + 7) / 8
	for row := range b.matrix.Size {
		fmt.Fprintf(&s, "%x\n", b.matrix.Bitmap[row*b.matrix.Stride:][:packed])
	}
	s.WriteString(">\nEI Q")
	return s.String()
}
