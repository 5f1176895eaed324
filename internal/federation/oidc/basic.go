package oidc

import (
	"net/http"
	"net/url"
)

// decodeBasic reads the name and the secret of a client that are in the Authorization header: each is encoded there as in a
// form (RFC 6749 §2.3.1). What is not encoded so is taken as it stands.
func decodeBasic(r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if !ok {
		return
	}
	plainID, err := url.QueryUnescape(id)
	plainSecret, wrong := url.QueryUnescape(secret)
	if err == nil && wrong == nil {
		r.SetBasicAuth(plainID, plainSecret)
	}
}
