package web

import (
	"errors"
	"slices"
	"strings"

	"clave/internal/crowd"
	"clave/internal/federation/oidc"
	"clave/internal/federation/saml"
)

// rank tells who comes first: whoever has begun; then services, who ask for somebody who is in already.
func (d *atDoor) rank() crowd.Rank {
	switch {
	case ofServices(d.r.URL.Path):
		return crowd.Asking
	case d.begun():
		return crowd.Inside
	case d.passes():
		return crowd.Called
	default:
		return crowd.Newcomer
	}
}

// ofServices tells whether an address is asked by programs, or by a page for its pictures.
func ofServices(path string) bool {
	if path == saml.MetadataPath || strings.HasPrefix(path, "/.well-known/") || strings.HasPrefix(path, "/party/") {
		return true
	}
	return strings.HasPrefix(path, oidc.Path+"/") && !beginsOIDC(path) && path != oidc.Path+"/logout"
}

func beginsOIDC(path string) bool { return path == oidc.Path+"/authorize" }

// begun tells whether the browser holds the flow that the address names: a login, a registration, a logout.
func (d *atDoor) begun() bool {
	for _, c := range d.r.Cookies() {
		name, ours := strings.CutPrefix(c.Name, d.cookieName(""))
		kind, id, _ := strings.Cut(name, "-")
		if !ours || !slices.Contains(flowKinds, kind) || !strings.Contains(d.r.URL.Path+"/", "/"+id+"/") {
			continue
		}
		var in signIn // other flows have nothing in common with it
		if err := d.openFlow(d.r, kind, id, &in); err == nil || kind != loginFlow && !errors.Is(err, errNoFlow) {
			d.policy = d.answersTo(in.Login.Request)
			if kind == loginFlow {
				d.login = in
			}
			return true
		}
	}
	return false
}
