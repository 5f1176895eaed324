package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// errForm is why a service's form is not read.
var errForm = errors.New("web: not a service's form")

// readServiceForm reads the fields of a service's form, from the body only. Errors: errForm, *http.MaxBytesError.
func readServiceForm(r *http.Request) (map[string]string, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, errForm
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return parseServiceForm(string(body))
}

// parseServiceForm takes each field once, under its plain name. A name that is escaped, or there twice, is read in one way
// by a filter before us and in another by us (CVE-2026-117691); so is a semicolon between fields. Fields that mean nothing
// to us are passed over: services send some.
func parseServiceForm(body string) (map[string]string, error) {
	fields := map[string]string{}
	for pair := range strings.SplitSeq(body, "&") {
		name, escaped, ok := strings.Cut(pair, "=")
		if _, twice := fields[name]; !ok || twice || !plain(name) || strings.Contains(escaped, ";") {
			return nil, errForm
		}
		value, err := url.QueryUnescape(escaped)
		if err != nil {
			return nil, errForm
		}
		fields[name] = value
	}
	return fields, nil
}

// plain tells whether a field's name is written with nothing but letters, digits, hyphens, dots and underscores.
func plain(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._", r)
	}) < 0
}
