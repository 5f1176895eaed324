package oidc

import (
	"context"
	"slices"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"clave/internal/assurance"
	"clave/internal/citizen"
	"clave/internal/relying"
)

// What a service is told of a person, beside the names that are everybody's.
const (
	claimNIF           = "nif"
	claimFirstSurname  = "first_surname"
	claimSecondSurname = "second_surname"
	claimSession       = "sid"
)

// claimNames are all claims that there are, as the discovery document lists them.
var claimNames = []string{
	goidc.ClaimSubject, goidc.ClaimIssuer, goidc.ClaimAuthTime, goidc.ClaimACR, goidc.ClaimAMR, claimSession,
	claimNIF, goidc.ClaimGivenName, goidc.ClaimFamilyName, claimFirstSurname, claimSecondSurname,
}

// attributeOf says which attribute a claim about a person tells.
var attributeOf = map[string]relying.Attribute{
	claimNIF: relying.NIF, goidc.ClaimGivenName: relying.Names, goidc.ClaimFamilyName: relying.Names,
	claimFirstSurname: relying.Names, claimSecondSurname: relying.Names,
}

var attributeScopes = map[string]relying.Attribute{scopeNIF: relying.NIF, scopeProfile: relying.Names}

// claimsOf are the claims about a person that scopes stand for.
func claimsOf(scopes []string) (names []string) {
	for _, s := range scopes {
		for _, name := range claimNames {
			if a := attributeOf[name]; a != "" && a == attributeScopes[s] {
				names = append(names, name)
			}
		}
	}
	return names
}

// about are the wanted claims about a person, as far as the attributes released allow.
func about(c citizen.Citizen, released []relying.Attribute, wanted []string) map[string]string {
	all := map[string]string{
		claimNIF: c.NIF.String(), goidc.ClaimGivenName: c.GivenName, goidc.ClaimFamilyName: c.FamilyName(),
		claimFirstSurname: c.FirstSurname, claimSecondSurname: c.SecondSurname,
	}
	told := map[string]string{}
	for _, name := range wanted {
		if slices.Contains(released, attributeOf[name]) && all[name] != "" {
			told[name] = all[name]
		}
	}
	return told
}

// references are how a method is told in amr (RFC 8176 §2).
var references = map[assurance.Method][]string{
	assurance.PIN: {string(goidc.AMROneTimePassword), string(goidc.AMRSMS)},
}

// tellMethod is the amr of a method. One that RFC 8176 has no word for is told by its own.
func tellMethod(m assurance.Method) []string {
	if list, ok := references[m]; ok {
		return list
	}
	return []string{string(m)}
}

// tellLevel is the acr of a level. Where the service accepts certain levels only, it is the highest of them that was
// reached (OpenID Connect Core §5.5.1.1).
func tellLevel(reached assurance.Level, only string) string {
	told := ""
	for _, l := range levels {
		if l.level <= reached && (only == "" || slices.Contains(strings.Fields(only), l.level.String())) {
			told = l.uri
		}
	}
	return told
}

// idTokenClaims are those of an ID token that the library does not make.
func idTokenClaims(ctx context.Context, x *goidc.Grant) map[string]any {
	g := grantOf(x)
	claims := g.common()
	for name, value := range g.ID {
		claims[name] = value
	}
	return claims
}

// userClaims are those that the userinfo endpoint tells.
func userClaims(_ context.Context, x *goidc.Grant) map[string]any {
	claims := map[string]any{}
	for name, value := range grantOf(x).User {
		claims[name] = value
	}
	return claims
}

// common are told of every person.
func (g *grant) common() map[string]any {
	claims := map[string]any{goidc.ClaimACR: g.ACR, goidc.ClaimAMR: g.AMR, goidc.ClaimAuthTime: g.AuthTime}
	if g.Participation != "" {
		claims[claimSession] = g.Participation
	}
	return claims
}

// tokenClaims name who an access token is for: our own userinfo endpoint (RFC 9068 §3). So no service takes it for an ID
// token, nor we for a hint.
func (p *Provider) tokenClaims(context.Context, *goidc.Token, *goidc.Grant) map[string]any {
	return map[string]any{goidc.ClaimAudience: p.Issuer}
}
