package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clave/internal/relying"
)

func TestALogoIsAnImageThatBrowsersKeep(t *testing.T) {
	party := relying.Party{ID: "S1", Logo: []byte("<script>alert(1)</script>")} // whatever the bytes are, they are an image
	s := &Server{Origin: "https://clave.test", Parties: relying.List{party, {ID: "S2"}}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /party/{id}/logo.png", s.logo)
	handler := s.headers(mux)
	get := func(address, known string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, address, nil)
		r.Header.Set("If-None-Match", known)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	address := logoURL(party)
	kept := get(address, "")
	h := kept.Header()
	if kept.Code != http.StatusOK || h.Get("Content-Type") != "image/png" || h.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.Contains(h.Get("Cache-Control"), "immutable") || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%d %v", kept.Code, h)
	}
	for _, c := range []struct {
		address, known string
		code           int
		cache          string
	}{
		{"/party/S1/logo.png", "", http.StatusOK, "no-cache"},
		{"/party/S1/logo.png?v=another", "", http.StatusOK, "no-cache"},
		{address, h.Get("ETag"), http.StatusNotModified, "public, max-age=31536000, immutable"},
		{"/party/S2/logo.png", "", http.StatusNotFound, "no-store"},
		{"/party/S3/logo.png", "", http.StatusNotFound, "no-store"},
	} {
		if w := get(c.address, c.known); w.Code != c.code || w.Header().Get("Cache-Control") != c.cache {
			t.Errorf("%s: %d %v", c.address, w.Code, w.Header())
		}
	}
	if logoURL(relying.Party{ID: "S2"}) != "" {
		t.Error("an address of no logo")
	}
}
