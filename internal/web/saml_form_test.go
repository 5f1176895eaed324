package web

import (
	"net/url"
	"testing"
)

// FuzzServiceForm: what we read of a form, a strict reader reads the same, once.
func FuzzServiceForm(f *testing.F) {
	for _, seed := range []string{
		"", "SAMLRequest=PGE%2B&RelayState=x", "%53AMLRequest=x", "a=1&a=2", "a=1;b=2", "a", "=", "&", "a=%zz", "a=+", "SAMLRequest=x&country=ES",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		fields, err := parseServiceForm(body)
		if err != nil {
			return
		}
		values, err := url.ParseQuery(body)
		if err != nil || len(values) != len(fields) {
			t.Fatalf("%q: %v, %v", body, fields, err)
		}
		for name, value := range fields {
			if got := values[name]; len(got) != 1 || got[0] != value {
				t.Errorf("%q: %s is %q, and to others %q", body, name, value, got)
			}
		}
	})
}
