package oidc

import (
	"bytes"
	"cmp"
	"net/http"
)

// answer is what the library answers, held back.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newAnswer() *answer { return &answer{header: http.Header{}} }

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

func (a *answer) send(w http.ResponseWriter) {
	for name, list := range a.header {
		w.Header()[name] = list
	}
	w.WriteHeader(cmp.Or(a.status, http.StatusInternalServerError))
	w.Write(a.body.Bytes())
}

// proofErrors names what is wrong with a proof of possession as RFC 9449 §5 does.
func (a *answer) proofErrors() {
	if body := a.body.Bytes(); bytes.Contains(body, []byte(`"error_description":"invalid DPoP proof"`)) {
		fixed := bytes.Replace(body, []byte(`"error":"invalid_request"`), []byte(`"error":"invalid_dpop_proof"`), 1)
		a.body = *bytes.NewBuffer(fixed)
	}
}

// challenge says how to authenticate, where HTTP wants it said (RFC 6749 §5.2, RFC 6750 §3, RFC 9449 §7.1).
func (a *answer) challenge(path string) {
	if path == userPath {
		a.challengeHolder()
		return
	}
	if a.status == http.StatusUnauthorized {
		a.header.Set("WWW-Authenticate", `Basic realm="clave"`)
	}
}

// challengeHolder answers whoever presents an access token. One that is not proven to be theirs is refused like any other
// wrong one (RFC 9449 §7.1), where the library answers as an endpoint that gives tokens out.
func (a *answer) challengeHolder() {
	reason := "invalid_token"
	if bytes.Contains(a.body.Bytes(), []byte(`"error":"invalid_dpop_proof"`)) {
		a.status, reason = http.StatusUnauthorized, "invalid_dpop_proof"
	}
	if a.status == http.StatusUnauthorized {
		a.header.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		a.header.Add("WWW-Authenticate", `DPoP error="`+reason+`", algs="ES256 PS256"`)
	}
}
