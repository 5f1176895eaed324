package secret_test

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"

	"clave/internal/secret"
)

const canary = "K7Q2-canary"

// holder has the secret where fmt reaches it without asking its methods.
type holder struct {
	Seen   secret.Code
	hidden secret.Code
	list   []secret.Code
	byName map[string]secret.Code
}

func newHolder() holder {
	c := secret.NewCode(canary)
	return holder{c, c, []secret.Code{c}, map[string]secret.Code{"c": c}}
}

// Whatever the program does with a code except Reveal, the code does not come out: as text, in hexadecimal or as a list of bytes.
func TestPast09NothingPrintsACode(t *testing.T) {
	c, h := secret.NewCode(canary), newHolder()
	for _, value := range []any{c, &c, h, &h, []any{c}, struct{ c any }{c}} {
		for _, verb := range strings.Split("v +v #v s q x X d o O b c U e E f F g G t T p", " ") {
			leaks(t, "%"+verb, fmt.Sprintf("%"+verb, value))
			leaks(t, "% 30."+verb, fmt.Sprintf("% 30."+verb, value))
		}
		leaks(t, "Sprint", fmt.Sprint(value))
		leaks(t, "Errorf", fmt.Errorf("open %v: %w", value, errors.New("closed")).Error())
		leaks(t, "slog text", logged(value, func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) }))
		leaks(t, "slog JSON", logged(value, func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) }))
	}
}

func TestPast09NothingMarshalsACode(t *testing.T) {
	c := secret.NewCode(canary)
	asJSON, err := json.Marshal(map[string]any{"code": c, "holder": newHolder().Seen})
	if err != nil {
		t.Fatal(err)
	}
	leaks(t, "JSON", string(asJSON))
	asXML, err := xml.Marshal(holder{Seen: c})
	if err != nil {
		t.Fatal(err)
	}
	leaks(t, "XML", string(asXML))
	var page bytes.Buffer
	if err := template.Must(template.New("").Parse(`<p>{{.}}</p><script>var c = {{.}}</script>`)).Execute(&page, c); err != nil {
		t.Fatal(err)
	}
	leaks(t, "page", page.String())
}

func logged(value any, handler func(*bytes.Buffer) slog.Handler) string {
	var out bytes.Buffer
	log := slog.New(handler(&out)).With("with", value)
	log.Error("sign-in", "code", value, slog.Group("group", "code", value))
	return out.String()
}

func leaks(t *testing.T, how, out string) {
	t.Helper()
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprint([]byte(canary))} {
		if strings.Contains(out, form) {
			t.Errorf("%s prints the code: %s", how, out)
		}
	}
}

// A code cannot be given to a database; its keyed hash can, as bytes and not as the text that stands for it in logs.
func TestRule04OnlyTheHashIsStored(t *testing.T) {
	var code driver.Valuer = secret.NewCode(canary)
	if _, err := code.Value(); !errors.Is(err, secret.ErrStored) {
		t.Errorf("a code as database value: %v, want ErrStored", err)
	}
	hash := secret.HMAC(key(1), "otp", canary)
	stored, err := hash.Value()
	if b, ok := stored.([]byte); err != nil || !ok || !hash.Equal(b) {
		t.Errorf("a hash as database value: %T, %v", stored, err)
	}
	if null, err := secret.Hash(nil).Value(); null != nil || err != nil {
		t.Errorf("no hash as database value: %v, %v, want NULL", null, err)
	}
}

func TestCode(t *testing.T) {
	tests := []struct {
		name   string
		code   secret.Code
		reveal string
		zero   bool
	}{
		{"none", secret.Code{}, "", true},
		{"empty", secret.NewCode(""), "", true},
		{"some", secret.NewCode(canary), canary, false},
	}
	for _, tt := range tests {
		if tt.code.Reveal() != tt.reveal || tt.code.IsZero() != tt.zero {
			t.Errorf("%s: IsZero %v", tt.name, tt.code.IsZero())
		}
		if tt.code.String() != "(secret)" {
			t.Errorf("%s: String %q", tt.name, tt.code.String())
		}
	}
}
