package web

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var token = regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`)

// TestContrast holds the colours that meet on a page to WCAG 2.2: 4.5 to 1 for text (1.4.3), 3 to 1 for edges and rings (1.4.11).
func TestContrast(t *testing.T) {
	css, err := os.ReadFile("static/clave.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, _ := strings.Cut(string(css), "prefers-color-scheme: dark")
	modes := map[string]map[string]float64{"light": luminances(light), "dark": luminances(dark)}
	for mode, lum := range modes {
		for _, c := range []struct {
			least         float64
			front, behind string
		}{
			{4.5, "ink soft link bad good warn", "ground paper tint"},
			{4.5, "bad ink", "bad-tint"},
			{4.5, "good ink", "good-tint"},
			{4.5, "warn ink", "warn-tint"},
			{4.5, "on-brand", "brand brand-over"},
			{4.5, "paper", "bad bad-over good"},
			{4.5, "band-ink", "band"},
			{3, "edge brand ring", "ground paper tint"},
			{3, "ring", "halo"},
			{3, "halo", "band"},
		} {
			checkPairs(t, mode, lum, c.least, strings.Fields(c.front), strings.Fields(c.behind))
		}
	}
}

func checkPairs(t *testing.T, mode string, lum map[string]float64, least float64, front, behind []string) {
	for _, f := range front {
		for _, b := range behind {
			lf, okf := lum[f]
			lb, okb := lum[b]
			if !okf || !okb {
				t.Errorf("%s: no colour named %s or %s", mode, f, b)
			} else if r := (max(lf, lb) + 0.05) / (min(lf, lb) + 0.05); r < least {
				t.Errorf("%s: %s on %s is %.2f to 1, less than %v", mode, f, b, r, least)
			}
		}
	}
}

func luminances(css string) map[string]float64 {
	all := map[string]float64{}
	for _, found := range token.FindAllStringSubmatch(css, -1) {
		rgb, _ := strconv.ParseUint(found[2], 16, 32)
		all[found[1]] = 0.2126*linear(rgb>>16) + 0.7152*linear(rgb>>8&255) + 0.0722*linear(rgb&255)
	}
	return all
}

func linear(channel uint64) float64 {
	c := float64(channel) / 255
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}

// TestDrawings sees that the drawings are sound XML that neither runs nor fetches anything.
func TestDrawings(t *testing.T) {
	names, err := filepath.Glob("static/*.svg")
	if err != nil || len(names) == 0 {
		t.Fatal("no drawings", err)
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		checkDrawing(t, name, xml.NewDecoder(f))
	}
}

var harmless = map[string]bool{"svg": true, "title": true, "g": true, "rect": true, "circle": true, "path": true, "text": true}

func checkDrawing(t *testing.T, name string, d *xml.Decoder) {
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if el, ok := tok.(xml.StartElement); ok && !harmless[el.Name.Local] {
			t.Errorf("%s: element %s", name, el.Name.Local)
		}
	}
}
