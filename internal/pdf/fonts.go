package pdf

import (
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// A face is one of the three fonts. It also is the name under which the file embeds it.
type face string

const (
	regular face = "GoRegular"
	bold    face = "GoBold"
	mono    face = "GoMono"
)

var truetype = map[face][]byte{regular: goregular.TTF, bold: gobold.TTF, mono: gomonobold.TTF}

// widths are advances in thousandths of an em by code point; zero says that the font has no such glyph.
type widths [1 << 16]uint16

// metrics measures every font once in the life of the process.
var metrics = sync.OnceValue(func() map[face]*widths {
	all := make(map[face]*widths, len(truetype))
	for f, ttf := range truetype {
		all[f] = measureFont(ttf)
	}
	return all
})

func measureFont(ttf []byte) *widths {
	parsed, err := sfnt.Parse(ttf)
	if err != nil {
		panic("pdf: embedded font: " + err.Error())
	}
	var w widths
	var buf sfnt.Buffer
	for r := ' '; r < 0xFFFE; r++ {
		if glyph, err := parsed.GlyphIndex(&buf, r); err == nil && glyph != 0 {
			advance, _ := parsed.GlyphAdvance(&buf, glyph, fixed.I(1000), font.HintingNone)
			w[r] = uint16(advance.Round())
		}
	}
	return &w
}

// shared marks what all fonts show, so that a text never depends on the block it stands in.
var shared = sync.OnceValue(func() *[1 << 16]bool {
	var all [1 << 16]bool
	m := metrics()
	for r := range all {
		all[r] = m[regular][r] > 0 && m[bold][r] > 0 && m[mono][r] > 0
	}
	return &all
})

func drawable(r rune) bool { return r >= 0 && r <= 0xFFFF && shared()[r] }

// mmPerPoint converts typographic points to millimetres.
const mmPerPoint = 25.4 / 72

type colour struct{ r, g, b int }

// The colours of text reach a contrast of 7:1 on white (WCAG 2.2, 1.4.6).
var (
	ink    = colour{0x1B, 0x1D, 0x1F}
	muted  = colour{0x4A, 0x50, 0x57}
	accent = colour{0x14, 0x4F, 0x6B}
	tint   = colour{0xEE, 0xF4, 0xF7}
	hair   = colour{0xC3, 0xCD, 0xD3}
)

// A style is how a run of text looks. Size is in points, lead (from line to line) in millimetres.
type style struct {
	face       face
	size, lead float64
	colour     colour
}

var (
	bodyStyle    = style{regular, 11, 5.5, ink}
	headingStyle = style{bold, 17, 7.6, accent}
	subStyle     = style{bold, 12, 6, accent}
	strongStyle  = style{bold, 11, 5.5, ink}
	labelStyle   = style{regular, 10.5, 5.5, muted}
	smallStyle   = style{regular, 9, 4.4, muted}
	footStyle    = style{regular, 8, 3.8, muted}
	codeStyle    = style{mono, 24, 12, ink}
)

// width is the length of s in millimetres.
func (st style) width(s string) float64 {
	w, sum := metrics()[st.face], 0
	for _, r := range s {
		sum += int(w[r])
	}
	return float64(sum) / 1000 * st.size * mmPerPoint
}

// scaled is the style at another size, the lead in proportion.
func (st style) scaled(size float64) style {
	st.lead *= size / st.size
	st.size = size
	return st
}
