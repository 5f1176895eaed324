package sede

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEveryTextIsThereInBothLanguages(t *testing.T) {
	for key, pair := range texts {
		if pair[0] == "" || pair[1] == "" {
			t.Errorf("%s is empty in one language", key)
		}
	}
	wanted := []string{"nobody.failed", "nobody.denied", "nobody.other", "left.all", "left.partly", "left.kept", "left.back",
		"raw.response", "raw.idtoken", "raw.userinfo", "fact.sid", "fact.sub", "fact.acr", "fact.amr"}
	for _, problem := range []string{"stale", "refused", "missing", "broken", "closed", "send", "bye", "closing"} {
		wanted = append(wanted, problem+".title", problem+".about")
	}
	for _, state := range []string{"waiting", "confirmed", "denied", "expired", "refused"} {
		wanted = append(wanted, "call."+state)
	}
	wanted = append(wanted, keysInTemplates(t)...)
	for _, s := range services {
		mine := slices.Clone(wanted)
		for _, p := range s.procedures {
			mine = append(mine, p.Name+".title", p.Name+".about", p.Name+".next", "level."+p.Level)
		}
		for _, key := range mine {
			if !(page{Service: s.name}).Has(key) && !mayBeAbsent[key] {
				t.Errorf("no text for %s at %s", key, s.name)
			}
		}
	}
}

// mayBeAbsent are those that a page asks for with Has first.
var mayBeAbsent = map[string]bool{"home.note": true, "desk.link": true}

func keysInTemplates(t *testing.T) []string {
	files, err := pageFiles.ReadDir("pages")
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, file := range files {
		content, err := pageFiles.ReadFile("pages/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`\.(?:T|Has) "([a-z.]+)"`).FindAllStringSubmatch(string(content), -1) {
			keys = append(keys, strings.TrimSpace(found[1]))
		}
	}
	return keys
}

func TestShelfForgets(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := newShelf[int](time.Minute)
	s.put("a", 1, start)
	s.put("b", 2, start.Add(30*time.Second))
	if n, ok := s.take("b", start.Add(40*time.Second)); !ok || n != 2 {
		t.Errorf("b = %d, %v", n, ok)
	}
	if _, ok := s.take("b", start.Add(40*time.Second)); ok {
		t.Error("b was given twice")
	}
	if _, ok := s.get("a", start.Add(time.Minute)); ok {
		t.Error("a outlived its minute")
	}
	s.put("c", 3, start.Add(2*time.Minute))
	if len(s.things) != 1 || len(s.order) != 1 {
		t.Errorf("%d things kept, %d in order; only c should be", len(s.things), len(s.order))
	}
}

func TestShelfHasAnEnd(t *testing.T) {
	s := newShelf[int](time.Hour)
	for i := range shelfRoom + 10 {
		s.put(time.Duration(i).String(), i, time.Time{})
	}
	if len(s.things) != shelfRoom {
		t.Errorf("%d things kept, want %d", len(s.things), shelfRoom)
	}
	if _, ok := s.get("0s", time.Time{}); ok {
		t.Error("the oldest did not make room")
	}
}

// FuzzReadMetadata looks for metadata that name a certificate and are not the gateway's.
func FuzzReadMetadata(f *testing.F) {
	f.Add([]byte(`<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://clave.test"><md:IDPSSODescriptor>` +
		`<md:KeyDescriptor use="signing"><KeyInfo><X509Data><X509Certificate>AAAA</X509Certificate></X509Data></KeyInfo></md:KeyDescriptor>` +
		`</md:IDPSSODescriptor></md:EntityDescriptor>`))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := readMetadata(text, "https://clave.test")
		if err == nil && (len(list) == 0 || !strings.Contains(string(text), "clave.test")) {
			t.Errorf("%d certificates from %q", len(list), text)
		}
	})
}
