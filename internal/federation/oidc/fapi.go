package oidc

import (
	"net/http"
	"slices"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"clave/internal/relying"
)

// The FAPI 2.0 Security Profile asks more of its clients than the library does of all. That requests are pushed (§5.3.2.2
// no. 3) and tokens bound to a key (§5.3.2.1 no. 4) it enforces itself, client by client; the rest is here.

// fapiClient checks how a client of the profile proves who it is: by a key only, with an algorithm of the profile, in an
// assertion made for our issuer and nobody else (§5.3.2.1 no. 6 and 8, §5.4.1).
func (p *Provider) fapiClient(party relying.Party, r *http.Request) *wrong {
	if !party.OIDC.FAPI {
		return nil
	}
	said := peek(r.PostForm.Get("client_assertion"))
	if party.OIDC.Auth != relying.PrivateKey || !isStrict(said.Algorithm) || said.Audience != any(p.Issuer) {
		return &wrong{"invalid_client", "the assertion is not as FAPI 2.0 wants it"}
	}
	return p.fapiRequest(party, r.PostForm.Get("request"))
}

// fapiRequest checks the algorithm of a signed request.
func (p *Provider) fapiRequest(party relying.Party, object string) *wrong {
	if party.OIDC.FAPI && object != "" && !isStrict(peek(object).Algorithm) {
		return &wrong{"invalid_request_object", "the algorithm is not one of FAPI 2.0"}
	}
	return nil
}

func isStrict(algorithm string) bool {
	return slices.Contains(strict, goidc.SignatureAlgorithm(algorithm))
}
