package pdf_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"clave/internal/pdf"
)

func TestHeadingsAndCutsStayWithWhatFollows(t *testing.T) {
	text := run(t, "pdftotext", "-layout", write(t, long()), "-")
	pages := strings.Split(strings.TrimRight(text, "\f"), "\f")
	page := func(s string) int {
		for i, p := range pages {
			if strings.Contains(p, s) {
				return i
			}
		}
		t.Fatalf("%s is nowhere", s)
		return 0
	}
	for i := range 60 {
		heading, sub, body := page(fmt.Sprintf("Título-%d.", i)), page(fmt.Sprintf("Subtítulo-%d.", i)), page(fmt.Sprintf("Cuerpo-%d.", i))
		if heading != sub || sub != body {
			t.Errorf("section %d begins on page %d, its text on %d", i, heading+1, body+1)
		}
	}
	if last := len(pages); !strings.Contains(pages[last-1], fmt.Sprintf("%d / %d", last, last)) {
		t.Errorf("the last page does not say that it is the last of %d:\n%s", last, pages[last-1])
	}
}

func TestSlipStaysWhole(t *testing.T) {
	for filler := 24; filler < 46; filler++ {
		d := pdf.New("es", "Talón")
		d.Paragraph(strings.Repeat("Línea.\n", filler))
		d.CutLine("CORTE")
		d.Code("Código", sampleCode, "")
		d.Paragraph("FIN")
		text := run(t, "pdftotext", save(t, d), "-")
		for p := range strings.SplitSeq(text, "\f") {
			if strings.Contains(p, "CORTE") != strings.Contains(p, "FIN") {
				t.Fatalf("with %d lines before, the slip is torn:\n%s", filler, text)
			}
		}
	}
}

// A word is a printed word and its box in millimetres from the upper left corner of its page.
type word struct {
	text                     string
	left, top, right, bottom float64
}

var boxed = regexp.MustCompile(`<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*)</word>`)

func words(t *testing.T, d *pdf.Doc) []word {
	t.Helper()
	var all []word
	for _, m := range boxed.FindAllStringSubmatch(run(t, "pdftotext", "-bbox", save(t, d), "-"), -1) {
		mm := func(s string) float64 {
			points, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatal(err)
			}
			return points * 25.4 / 72
		}
		all = append(all, word{m[5], mm(m[1]), mm(m[2]), mm(m[3]), mm(m[4])})
	}
	if len(all) == 0 {
		t.Fatal("no words")
	}
	return all
}

// The postman sees the address and nothing else, wherever the sheet slid in its envelope; see the comment on the window.
func TestWindowShowsTheAddressAlone(t *testing.T) {
	for name, lines := range map[string][]string{
		"short":     {"María", "Calle", "Madrid"},
		"six lines": {"A", "B", "C", "D", "E", "F"},
		"long": {"María de los Dolores Montserrat Fernández de Córdoba-Figueroa y Bermúdez de Castro",
			"Urbanización Residencial Los Almendros del Aljarafe, Avenida de Nuestra Señora de los Remedios, 124, bloque 3, escalera B, 4.º dcha.",
			"41927 Mairena del Aljarafe", "Sevilla"},
		"one word": {strings.Repeat("W", 160)},
	} {
		d := pdf.New("es", "Carta")
		d.Letterhead(strings.Repeat("Ministerio de Todo ", 9), strings.Repeat("Secretaría General ", 9))
		d.Address(lines...)
		d.Paragraph(strings.Repeat("Cuerpo de la carta. ", 40))
		seen := 0
		for _, w := range words(t, d) {
			if w.right < 95 || w.bottom < 34 || w.top > 95 {
				continue
			}
			seen++
			if w.left < 111.9 || w.right > 190.1 || w.top < 54.9 || w.bottom > 79.1 {
				t.Errorf("%s: in the window or out of it: %+v", name, w)
			}
		}
		if want := len(strings.Fields(strings.Join(lines, " "))); seen < want {
			t.Errorf("%s: %d words in the window, want %d", name, seen, want)
		}
	}
}

func TestNothingLeavesTheMargins(t *testing.T) {
	for _, s := range []string{
		"María", strings.Repeat("W", 2000), strings.Repeat("Wolfeschlegelsteinhausenbergerdorff ", 60), strings.Repeat("línea\n", 90),
	} {
		d := pdf.New("es", s)
		d.Letterhead(s, s)
		d.Address(s, s)
		d.Heading(s)
		d.Paragraph(s)
		d.Pairs([]pdf.Pair{{s, s}, {"", s}, {s, ""}})
		d.List(s, s)
		d.Code(s, sampleCode+sampleCode, s)
		d.QR(sampleLink, s, s)
		d.CutLine(s)
		d.Footer(s)
		for _, w := range words(t, d) {
			if w.left < 24.9 || w.right > 190.1 || w.top < 10 || w.bottom > 290 {
				t.Fatalf("%.20s: outside: %+v", s, w)
			}
		}
	}
}
