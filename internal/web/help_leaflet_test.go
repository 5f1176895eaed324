package web_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"clave/internal/guide"
	"clave/internal/locale"
)

// Each leaflet is one A4 page that a screen reader reads in order (PDF/UA-1), in the language that its text is in.
func TestLeaflets(t *testing.T) {
	g := helped(t)
	a := g.applicant()
	var files []string
	for _, lang := range locale.All() {
		for _, name := range guide.Leaflets() {
			article, _ := guide.Leaflet(lang.Code(), name)
			if article.Lang != lang.Code() {
				continue
			}
			a.get("/help/leaflet/" + name + ".pdf?lang=" + lang.Code())
			file := filepath.Join(t.TempDir(), name+"-"+lang.Code()+".pdf")
			if err := os.WriteFile(file, []byte(a.page), 0o600); err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
			checkLeaflet(t, file, article)
		}
	}
	if len(files) < 2*len(guide.Leaflets()) {
		t.Errorf("only %d leaflets", len(files))
	}
	classpath, err := os.ReadFile("../../.cache/verapdf.classpath")
	if err != nil {
		t.Fatal("veraPDF is missing: make install fetches it")
	}
	tool(t, "java", append([]string{"-cp", strings.TrimSpace(string(classpath)), "../pdf/testdata/verapdf/Check.java"}, files...)...)
}

func checkLeaflet(t *testing.T, file string, article guide.Article) {
	t.Helper()
	info := strings.Join(strings.Fields(tool(t, "pdfinfo", file)), " ")
	for _, want := range []string{"Title: " + article.Title, "Pages: 1 ", "Tagged: yes", "(A4)"} {
		if !strings.Contains(info, want) {
			t.Errorf("%s: no %q in %s", file, want, info)
		}
	}
	text := strings.Join(strings.Fields(tool(t, "pdftotext", "-raw", file, "-")), " ")
	for _, b := range article.Fill(guide.Values{Phone: "060", Address: "calle del Ejemplo 1, Madrid", Origin: "http://clave.localhost"}).Blocks {
		for _, line := range b.Lines {
			if !strings.Contains(text, line.Text()) {
				t.Errorf("%s does not say %q:\n%s", file, line.Text(), text)
			}
		}
	}
	picture := strings.TrimSuffix(file, ".pdf")
	tool(t, "pdftoppm", "-r", "150", "-png", "-singlefile", file, picture)
	if got := strings.TrimSpace(tool(t, "zbarimg", "--quiet", "--raw", picture+".png")); got != "http://clave.localhost/help/"+article.Slug {
		t.Errorf("the QR of %s leads to %q", file, got)
	}
}

// tool runs one of the programs that judge our files.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}
