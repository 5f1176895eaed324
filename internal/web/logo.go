package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"time"

	"clave/internal/relying"
)

// logoURL is the address of a party's logo, or empty when it has none. The hash in it lets browsers keep the logo until the
// party has another.
func logoURL(p relying.Party) string {
	if len(p.Logo) == 0 {
		return ""
	}
	return "/party/" + url.PathEscape(p.ID) + "/logo.png?v=" + logoHash(p.Logo)
}

func logoHash(logo []byte) string {
	sum := sha256.Sum256(logo)
	return hex.EncodeToString(sum[:8])
}

// logo answers GET /party/{id}/logo.png. Logos were decoded when they were registered, and are sent as images whatever they
// hold.
func (s *Server) logo(w http.ResponseWriter, r *http.Request) {
	p, err := s.Parties.Party(r.Context(), r.PathValue("id"))
	if err != nil && !errors.Is(err, relying.ErrUnknown) {
		s.fail(w, r, err)
		return
	}
	if len(p.Logo) == 0 {
		http.NotFound(w, r)
		return
	}
	hash, keep := logoHash(p.Logo), "no-cache"
	if r.URL.Query().Get("v") == hash {
		keep = "public, max-age=31536000, immutable"
	}
	h := w.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Cache-Control", keep)
	h.Set("ETag", `"`+hash+`"`)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(p.Logo))
}
