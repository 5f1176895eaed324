package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clave/internal/relying"
)

func TestALogoIsAnImageThatBrowsersKeep(t *testing.T) {
	g := newGate(t)
	g.Parties = relying.List{
		{ID: "S1", Logo: []byte("<script>alert(1)</script>")}, // whatever the bytes are, they are an image
		{ID: "S2"},
	}
	handler := g.Server.Handler()
	get := func(address, known string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, address, nil)
		r.Header.Set("If-None-Match", known)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	address := "/party/S1/logo.png?v=" + strings.Trim(get("/party/S1/logo.png", "").Header().Get("ETag"), `"`)
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
}
