package pdf_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"clave/internal/pdf"
)

// long is a document of many pages with every block in every position on a page.
func long() *pdf.Doc {
	d := pdf.New("es", "Todo lo que un documento puede tener")
	d.SetDate(day)
	d.Letterhead(strings.Repeat("Agencia Estatal de Identidad Electrónica ", 4), "Registro")
	d.Address("María")
	words := "Quien recibe esta carta la lee despacio, y la entiende. "
	for i := range 60 {
		d.Heading(fmt.Sprintf("Título-%d.", i))
		d.Subheading(fmt.Sprintf("Subtítulo-%d.", i))
		first := fmt.Sprintf("Cuerpo-%d. ", i)
		switch i % 6 {
		case 0:
			d.Paragraph(first + strings.Repeat(words, i))
		case 1:
			d.Pairs([]pdf.Pair{{first, strings.Repeat(words, i%7)}, {"Etiqueta", strings.Repeat(words, i)}})
		case 2:
			d.Steps(first+strings.Repeat(words, i%5), strings.Repeat(words, i))
		case 3:
			d.Code(first, sampleCode, "")
		case 4:
			d.QR(sampleLink, "Un dibujo", first)
		case 5:
			d.CutLine(first)
			d.Paragraph(fmt.Sprintf("Talón-%d.", i))
		}
	}
	d.Footer(strings.Repeat(words, 3))
	return d
}

// A screen reader must find every text in the tree or know that it is decoration (PDF/UA-1 §7.1): nothing is painted outside marked
// content, and no sequence stands in another.
func TestEverythingPaintedIsTaggedOrDecoration(t *testing.T) {
	path := write(t, long())
	plain := path + ".qdf"
	run(t, "qpdf", "--qdf", path, plain)
	file, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	paints := regexp.MustCompile(`(Tj ET|^BI|^S|^f| S| f| l S)( Q)?$`)
	depth, painted := 0, 0
	for _, line := range strings.Split(string(file), "\n") {
		switch {
		case strings.HasSuffix(line, " BDC"), strings.HasSuffix(line, " BMC"):
			depth++
		case line == "EMC":
			depth--
		case paints.MatchString(line):
			painted++
			if depth != 1 {
				t.Fatalf("painted at depth %d: %s", depth, line)
			}
		}
		if depth < 0 || depth > 1 {
			t.Fatalf("marked content at depth %d after %s", depth, line)
		}
	}
	if painted < 500 {
		t.Errorf("found only %d things painted", painted)
	}
}

func TestScreenReaderSpellsTheCode(t *testing.T) {
	for spoken, want := range map[string]string{"": "7 K 3 M, P 9 Q X, R 2 W T, B 4 H Z", "siete ka": "siete ka"} {
		d := pdf.New("es", "Código")
		d.Code("CSV", sampleCode, spoken)
		d.QR(sampleLink, "El dibujo", "")
		wantAll(t, string(encode(t, d)), "/S /Span", "/Alt "+utf16Hex(want), "/S /Figure", "/Alt "+utf16Hex("El dibujo"))
		if got := run(t, "pdftotext", write(t, d), "-"); !strings.Contains(got, "7K3M P9QX R2WT B4HZ") {
			t.Errorf("copying gives %q", got)
		}
	}
}

func utf16Hex(s string) string {
	b := []byte{0xFE, 0xFF}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u>>8), byte(u))
	}
	return "<" + strings.ToUpper(hex.EncodeToString(b)) + ">"
}

func TestVeraPDFAccepts(t *testing.T) {
	classpath, err := os.ReadFile("../../.cache/verapdf.classpath")
	if err != nil {
		t.Fatal("veraPDF is missing: make install fetches it")
	}
	checker, err := filepath.Abs("testdata/verapdf/Check.java")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("java", "-cp", strings.TrimSpace(string(classpath)), checker, write(t, invitation()), write(t, receipt()), write(t, long())).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
