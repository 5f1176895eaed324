package pdf_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clave/internal/pdf"
)

var day = time.Date(2026, 3, 9, 10, 0, 0, 0, time.UTC)

const (
	sampleCode = "7K3MP9QXR2WTB4HZ"
	sampleLink = "https://clave.example.es/carta?csv=7K3MP9QXR2WTB4HZ"
)

// invitation is a whole letter of one page, as it goes out by post.
func invitation() *pdf.Doc {
	d := pdf.New("es", "Carta de invitación a Cl@ve")
	d.SetDate(day)
	d.Letterhead("Agencia Estatal de Identidad Electrónica", "Registro Cl@ve · Carta de invitación")
	d.Address("María del Carmen Núñez Güell", "Calle de la Constitución, 12, 3.º izq.", "08190 Sant Cugat del Vallès", "Barcelona")
	d.Heading("Su invitación para registrarse en Cl@ve")
	d.Paragraph("El 9 de marzo de 2026 alguien pidió, con su DNI ***4567** y la fecha de validez del documento, que le enviásemos esta carta. " +
		"Si fue usted, con el código de abajo puede terminar el registro y hacer sus trámites con la Administración por internet.")
	d.Paragraph("La enviamos a su domicilio fiscal porque así sabemos que llega a la persona correcta. Nadie más conoce este código: " +
		"no lo dicte por teléfono ni lo escriba en una página que no sea la indicada aquí.")
	d.Paragraph("Si usted no la pidió, no haga nada. Sin el documento de identidad el código no sirve, y deja de valer el 8 de mayo de 2026.")
	d.Code("Su código seguro de verificación (CSV)", sampleCode, "7 K 3 M, P 9 Q X, R 2 W T, B 4 H Z")
	d.Subheading("Cómo terminar el registro")
	d.Steps(
		"Entre en clave.example.es/carta o apunte con la cámara del teléfono al dibujo de abajo.",
		"Escriba el número y la fecha de su documento y el código de esta carta.",
		"Escriba su teléfono móvil y su correo. Le enviaremos un código a cada uno para comprobar que son suyos.",
	)
	d.QR(sampleLink, "Código QR con la dirección clave.example.es/carta y el código de esta carta",
		"El dibujo abre la página con el código ya escrito.\n¿Dudas? Llame al 060, de lunes a viernes, de 9 a 19 h. Cuesta 0 €.")
	d.Footer("Agencia Estatal de Identidad Electrónica · Paseo de la Castellana, 3, 28046 Madrid · clave.example.es")
	return d
}

// receipt is what a person keeps after registering, with a slip to cut off.
func receipt() *pdf.Doc {
	d := pdf.New("es", "Justificante de registro en Cl@ve")
	d.SetDate(day)
	d.Letterhead("Agencia Estatal de Identidad Electrónica", "Registro Cl@ve")
	d.Heading("Justificante de registro")
	d.Paragraph("Ha quedado registrada en Cl@ve. Guarde este justificante: dice qué datos nos dio y cómo comprobamos quién es.")
	d.Pairs([]pdf.Pair{
		{"Nombre y apellidos", "María del Carmen Núñez Güell"},
		{"DNI", "12345678Z"},
		{"Teléfono móvil", "600 123 456"},
		{"Correo electrónico", "mariadelcarmen.nunez.guell@correo.example.es"},
		{"Nivel de registro", "Avanzado, con presencia en una oficina"},
		{"Oficina", "Oficina de Asistencia en Materia de Registros de la Delegación Especial de Cataluña, Letamendi, 13-22, 08007 Barcelona"},
		{"Fecha y hora", "9 de marzo de 2026, 11:00 (hora peninsular)"},
		{"Código del justificante", "QX7K-3MP9-R2WT-B4HZ"},
	})
	d.Subheading("A partir de ahora puede")
	d.List("pedir un Cl@ve PIN cada vez que lo necesite;", "activar Cl@ve Permanente con el código de activación;",
		"ver, en «Mi Cl@ve», todo lo que se haga en su nombre.")
	d.CutLine("Corte por esta línea y guarde la parte de abajo en otro lugar. No la enseñe a nadie.")
	d.Code("Código de activación de María del Carmen Núñez Güell", "WTB4HZ7K", "")
	d.Paragraph("Sirve para activar Cl@ve Permanente y para recuperar la contraseña. Vale hasta que pida otro nuevo en «Mi Cl@ve» o en una oficina.")
	d.Footer("Puede comprobar este justificante en clave.example.es/csv con el código QX7K-3MP9-R2WT-B4HZ.")
	return d
}

// packages are the Debian packages of the tools that judge our files.
var packages = map[string]string{
	"pdfinfo": "poppler-utils", "pdftotext": "poppler-utils", "pdftoppm": "poppler-utils", "pdffonts": "poppler-utils",
	"qpdf": "qpdf", "zbarimg": "zbar-tools",
}

func run(t testing.TB, tool string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Fatalf("%s is missing: apt-get install %s", tool, packages[tool])
	}
	var complaints bytes.Buffer
	cmd := exec.Command(tool, args...)
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 && tool != "zbarimg" {
		t.Fatalf("%s %v: %v\n%s%s", tool, args, err, out, &complaints)
	}
	return string(out)
}

func encode(t testing.TB, d *pdf.Doc) []byte {
	t.Helper()
	b, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func save(t testing.TB, d *pdf.Doc) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "doc.pdf")
	if err := os.WriteFile(path, encode(t, d), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// write puts the document in a file and has qpdf check it.
func write(t testing.TB, d *pdf.Doc) string {
	t.Helper()
	path := save(t, d)
	run(t, "qpdf", "--check", path)
	return path
}

func wantAll(t *testing.T, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%q is missing in:\n%s", w, got)
		}
	}
}

// inOrder fails unless got has every one of want, one after the other.
func inOrder(t *testing.T, got string, want ...string) {
	t.Helper()
	rest := got
	for _, w := range want {
		_, after, ok := strings.Cut(rest, w)
		if !ok {
			t.Fatalf("%q is missing, or stands too early, in:\n%s", w, got)
		}
		rest = after
	}
}

func TestDocumentSaysWhatItIs(t *testing.T) {
	info := run(t, "pdfinfo", "-isodates", write(t, invitation()))
	wantAll(t, info, "Carta de invitación a Cl@ve", "2026-03-09T10:00:00Z", "PDF version:     1.7", "Page size:       595.28 x 841.89 pts (A4)",
		"Pages:           1\n", "Encrypted:       no", "Metadata Stream: yes")
	if !strings.Contains(strings.Join(strings.Fields(info), " "), "Tagged: yes") {
		t.Errorf("not tagged:\n%s", info)
	}
}

func TestScreenReaderHearsTheLetterInOrder(t *testing.T) {
	path := write(t, invitation())
	heard := run(t, "pdfinfo", "-struct-text", path)
	inOrder(t, heard, "Document", "Agencia Estatal", "María del Carmen Núñez Güell", "08190 Sant Cugat", "H1", "Su invitación para registrarse", "P (block)",
		"El 9 de marzo", "CSV", "7K3M", "H2", "Cómo terminar", "L (block)", "LI", "Lbl", "1.", "LBody", "Entre en", "Figure", "El dibujo abre")
	if n := strings.Count(heard, "Núñez"); n != 1 {
		t.Errorf("the address is read %d times", n)
	}
	for _, decoration := range []string{"1 / 1", "Castellana"} {
		if strings.Contains(heard, decoration) {
			t.Errorf("%q is decoration, but spoken", decoration)
		}
	}
	for _, glued := range []string{"deldocumento", "Cl@veRegistro", "izq.08190", "NúñezGüell"} {
		if strings.Contains(heard, glued) {
			t.Errorf("words run together: %q", glued)
		}
	}
}

func TestTablesTellLabelsFromValues(t *testing.T) {
	heard := run(t, "pdfinfo", "-struct-text", write(t, receipt()))
	inOrder(t, heard, "Table", "TR", "TH", "/Scope /Row", "Nombre y apellidos", "TD", "María del Carmen", "TR", "TH", "DNI", "TD", "12345678Z")
}

func TestEyesReadEveryLetter(t *testing.T) {
	d := pdf.New("ca", "Prova")
	const all = "á é í ó ú ü ñ ç · ¡ ¿ € à è ò l·l Á Ñ Ç º ª « » – — … “ ” ’ @ ł ő"
	d.Subheading(all)
	d.Paragraph(all)
	d.Code("Codi", "ÑÇ €·", "")
	path := write(t, d)
	if got := run(t, "pdftotext", path, "-"); strings.Count(got, all) != 2 || !strings.Contains(got, "ÑÇ €·") {
		t.Errorf("got %s", got)
	}
	fonts := run(t, "pdffonts", path)
	if n := strings.Count(fonts, "Identity-H       yes"); n != 3 {
		t.Errorf("%d fonts are embedded, want 3:\n%s", n, fonts)
	}
}

func TestUnknownLettersLoseTheirMarks(t *testing.T) {
	d := pdf.New("es", "Nombres")
	d.Paragraph("Nguye\u0302\u0303n Thị \u202Eoculto\u202C Ro\u0000ta \U0001F600 \xff fin")
	got := run(t, "pdftotext", write(t, d), "-")
	wantAll(t, got, "Nguyên Thi oculto Rota ? ? fin")
}

func TestTelephoneReadsTheQR(t *testing.T) {
	for _, content := range []string{sampleLink, "A", strings.Repeat("https://clave.example.es/", 12)} {
		d := pdf.New("es", "QR")
		d.QR(content, "Código", "Junto al dibujo.")
		page := render(t, write(t, d), "150")
		if got := run(t, "zbarimg", "--quiet", "--raw", page); strings.TrimSpace(got) != content {
			t.Errorf("read %q, want %q", got, content)
		}
	}
	if got := run(t, "zbarimg", "--quiet", "--raw", render(t, write(t, invitation()), "120")); strings.TrimSpace(got) != sampleLink {
		t.Errorf("the letter's QR says %q", got)
	}
}

// render draws the first page in grey.
func render(t *testing.T, path, dpi string) string {
	out := strings.TrimSuffix(path, ".pdf")
	run(t, "pdftoppm", "-r", dpi, "-png", "-singlefile", path, out)
	return out + ".png"
}

func TestRefusals(t *testing.T) {
	cases := []struct {
		name string
		make func() *pdf.Doc
		want error
	}{
		{"no title", func() *pdf.Doc { return pdf.New("es", " ") }, pdf.ErrUntitled},
		{"no language", func() *pdf.Doc { return pdf.New("", "Carta") }, pdf.ErrUntitled},
		{"no code", func() *pdf.Doc { d := pdf.New("es", "x"); d.Code("CSV", "", ""); return d }, pdf.ErrCode},
		{"a book as code", func() *pdf.Doc { d := pdf.New("es", "x"); d.Code("CSV", strings.Repeat("A", 400), ""); return d }, pdf.ErrCode},
		{"a book as QR", func() *pdf.Doc { d := pdf.New("es", "x"); d.QR(strings.Repeat("a", 3000), "", ""); return d }, pdf.ErrQR},
		{"a QR too fine to read", func() *pdf.Doc { d := pdf.New("es", "x"); d.QR(strings.Repeat("a", 1800), "", ""); return d }, pdf.ErrQR},
	}
	for _, c := range cases {
		if _, err := c.make().Bytes(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestSameInputSameBytes(t *testing.T) {
	first := encode(t, invitation())
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 5 {
				if again, err := invitation().Bytes(); err != nil || !bytes.Equal(first, again) {
					t.Errorf("differs from the first: %v", err)
				}
			}
		})
	}
	all.Wait()
	d := receipt()
	if !bytes.Equal(encode(t, d), encode(t, d)) {
		t.Error("asking twice changes the document")
	}
}

func TestUndatedDocumentCarriesNoDate(t *testing.T) {
	d := pdf.New("es", "Sin fecha")
	d.Paragraph("Hola")
	if strings.Contains(run(t, "pdfinfo", write(t, d)), "Date") {
		t.Error("a date nobody gave")
	}
}

func BenchmarkLetter(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := invitation().Bytes(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "letters/s")
}

func FuzzDocument(f *testing.F) {
	for _, s := range []string{"", "Hola", "ñ\u0301\n\n\u202e😀\xff", strings.Repeat("palabra ", 200), strings.Repeat("W", 300), "(\\) endobj stream"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d := pdf.New("es", "x"+s)
		d.Letterhead(s, s)
		d.Address(s, s)
		d.Heading(s)
		d.Paragraph(s)
		d.Pairs([]pdf.Pair{{s, s}, {"", s}})
		d.Steps(s, s)
		d.QR("x", s, s)
		d.CutLine(s)
		d.Footer(s)
		got := encode(t, d)
		if !bytes.HasPrefix(got, []byte("%PDF-1.7\n")) || !bytes.HasSuffix(got, []byte("%%EOF\n")) {
			t.Error("not a whole file")
		}
	})
}
