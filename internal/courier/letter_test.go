package courier_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clave/internal/locale"
	"clave/internal/notify"
)

// said gives what a program says of a file.
func said(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// printed is a letter's file, and its text in reading order on one line.
func printed(t *testing.T, k notify.Kind, lang string, v map[string]string) (file, text string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "letter.pdf")
	if err := os.WriteFile(file, written(t, k, lang, v).PDF, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, strings.Join(strings.Fields(said(t, "pdftotext", "-raw", file, "-")), " ")
}

func TestLettersAreReadable(t *testing.T) {
	for _, lang := range locale.All() {
		for kind, wants := range map[notify.Kind][]string{
			notify.Invitation:     {"KX7P Q2MN 8RTW 4ZJH", "https://clave.example.es/register/open", lang.Date(time.Date(2027, 1, 20, 12, 0, 0, 0, time.UTC))},
			notify.RegisteredPost: {"ABCD EFGH 2345 6789", "https://clave.example.es/freeze", "+34 ··· ··· 456", lang.Date(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))},
		} {
			t.Run(string(kind)+" "+lang.Code(), func(t *testing.T) {
				file, text := printed(t, kind, lang.Code(), values())
				for _, want := range append(wants, "Íñigo Peña d'Ors", "Calle Mayor, 1", "28013 Madrid") {
					if !strings.Contains(text, want) {
						t.Errorf("%q is not in it:\n%s", want, text)
					}
				}
				if pages := said(t, "pdfinfo", file); !strings.Contains(pages, "Pages:           1\n") || !strings.Contains(pages, "Tagged:          yes") {
					t.Errorf("wants one tagged page:\n%s", pages)
				}
			})
		}
	}
}

// The code stands in the fragment alone, which no browser sends to a server, no log keeps and no other site is told.
func TestRule10QRCarriesTheCodeInTheFragment(t *testing.T) {
	for _, lang := range locale.All() {
		file, _ := printed(t, notify.Invitation, lang.Code(), values())
		picture := strings.TrimSuffix(file, ".pdf")
		said(t, "pdftoppm", "-r", "150", "-gray", "-png", "-singlefile", file, picture)
		got := strings.TrimSpace(said(t, "zbarimg", "--nodbus", "--quiet", "--raw", picture+".png"))
		if got != "https://clave.example.es/register/open#csv=KX7PQ2MN8RTW4ZJH" {
			t.Errorf("the QR of the letter in %s says %q", lang.Code(), got)
		}
	}
}

func TestLetterBearsLongAddress(t *testing.T) {
	v := values()
	v["name"] = "María de los Ángeles Fernández-Villaverde y Sánchez-Bustamante de la Cuadra-Salcedo"
	v["address"] = "Urbanización Nuestra Señora de las Angustias, portal 14, escalera izquierda, 3.º C\n" +
		"38297 San Cristóbal de La Laguna\nSanta Cruz de Tenerife\n" + strings.Repeat("España ", 12)
	for _, kind := range []notify.Kind{notify.Invitation, notify.RegisteredPost} {
		_, text := printed(t, kind, "es", v)
		for _, want := range []string{"Cuadra-Salcedo", "escalera izquierda, 3.º C", "38297 San Cristóbal", "Tenerife"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in it:\n%s", kind, want, text)
			}
		}
	}
}
