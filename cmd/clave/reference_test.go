package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"clave/internal/keyring"
	"clave/internal/web"
)

var shownReference = regexp.MustCompile(`class="reference">([A-Z0-9]{9})<`)

// What an error page shows, the help desk reads with the same keys, and with no others.
func TestReference(t *testing.T) {
	dir := t.TempDir()
	ours, theirs := filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")
	now := time.Date(2026, 7, 1, 12, 34, 56, 0, time.UTC)
	ring, err := keyring.Create(ours, keyring.Live, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Create(theirs, keyring.Live, now); err != nil {
		t.Fatal(err)
	}
	server := &web.Server{Origin: "https://clave.example", Ring: ring, Now: func() time.Time { return now }}
	w := httptest.NewRecorder()
	server.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://clave.example/Proxy2/ServiceProvider", nil))
	found := shownReference.FindStringSubmatch(w.Body.String())
	if found == nil {
		t.Fatalf("no reference on the page:\n%s", w.Body)
	}
	said := func(keys, typed string) (string, error) {
		var out bytes.Buffer
		err := (&reference{ringFile{Keys: keys}, typed}).print(&out, now)
		return out.String(), err
	}
	text, err := said(ours, strings.ToLower(found[1][:4]+" "+found[1][4:]))
	want := "shown    1 July 2026, 14:34 in Spain\npage     This address is for services\nanswer   /help/failure: The error is ours or the service's\n" +
		"cause    in the log, on the line with this reference\n"
	if err != nil || text != want {
		t.Errorf("says %q, %v; want %q", text, err, want)
	}
	for _, c := range [][2]string{{ours, "ABC"}, {ours, found[1] + "A"}, {ours, "0OI1AAAAA"}, {filepath.Join(dir, "absent"), found[1]}} {
		if text, err := said(c[0], c[1]); err == nil {
			t.Errorf("%q says %q", c[1], text)
		}
	}
	if text, err := said(theirs, found[1]); err == nil && text == want {
		t.Error("other keys read it")
	}
}
