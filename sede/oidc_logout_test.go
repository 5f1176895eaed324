package sede_test

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestACitizenLeavesTheTaxOfficeAndClave(t *testing.T) {
	here := openTax(t)
	b := here.browser(t)
	b.taxIn(here.idp)
	page := b.visit("POST", "/salir-de-todo", nil).must(t, 200, here.idp.URL+"/logout")
	b.get("/mi-carpeta").must(t, 303, "/")
	if got := field(t, page.body, "id_token_hint"); strings.Count(got, ".") != 2 {
		t.Errorf("the hint is %q", got)
	}
	if strings.Contains(page.Request.URL.String(), "ey") || field(t, page.body, "post_logout_redirect_uri") != taxOrigin+"/fuera" || field(t, page.body, "client_id") != clientID {
		t.Error(page.body)
	}
	b.get("/fuera?state="+field(t, page.body, "state")).must(t, 200, "Ha salido")
	b.get("/fuera?state=made-up").must(t, 303, "/")
}

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

func (g *idp) logoutClaims(id string) map[string]any {
	return map[string]any{
		"iss": g.URL, "aud": clientID, "sub": "s1", "sid": "p1", "jti": id, "iat": noon.Unix(), "exp": noon.Add(2 * time.Minute).Unix(),
		"events": map[string]any{logoutEvent: map[string]any{}},
	}
}

func TestTheGatewayEndsASessionByItself(t *testing.T) {
	here := openTax(t)
	b, other := here.browser(t), here.browser(t)
	b.taxIn(here.idp)
	q := other.begin(here.idp, "/entrar?tramite=recibos")
	here.idp.tells(q.Get("nonce"), map[string]any{"sid": "p2"})
	other.back(here.idp, q).must(t, 303, "/mi-carpeta")

	order := url.Values{"logout_token": {here.idp.sign(here.idp.logoutClaims("j1"))}}
	here.browser(t).visit("POST", "/logout-token", order).must(t, 200)
	b.get("/").must(t, 200, "Su sesión se cerró desde Cl@ve")
	b.get("/").must(t, 200, "¿Qué necesita hacer?")
	other.get("/mi-carpeta").must(t, 200, "MARÍA GARCÍA LÓPEZ")
	here.browser(t).visit("POST", "/logout-token", order).must(t, 400) // the same token again
}

func TestForgedLogoutTokensEndNothing(t *testing.T) {
	here := openTax(t)
	g, thief := here.idp, newECKey()
	b := here.browser(t)
	b.taxIn(g)
	sign := func(c map[string]any) string { return g.sign(c) }
	rows := map[string]struct {
		claims map[string]any
		sign   func(map[string]any) string
	}{
		"signed by a thief":  {nil, func(c map[string]any) string { return token(t, thief, jose.ES256, c) }},
		"signed by a secret": {nil, func(c map[string]any) string { return token(t, []byte(strings.Repeat("k", 32)), jose.HS256, c) }},
		"unsigned":           {nil, func(c map[string]any) string { return unsigned(g.sign(c)) }},
		"nothing":            {nil, func(map[string]any) string { return "" }},
		"another audience":   {map[string]any{"aud": "other"}, sign},
		"others too":         {map[string]any{"aud": []string{clientID, "other"}}, sign},
		"another issuer":     {map[string]any{"iss": "https://other.test"}, sign},
		"with a nonce":       {map[string]any{"nonce": "n"}, sign},
		"with an empty one":  {map[string]any{"nonce": ""}, sign},
		"no event":           {map[string]any{"events": nil}, sign},
		"another event":      {map[string]any{"events": map[string]any{"x": map[string]any{}}}, sign},
		"event no object":    {map[string]any{"events": map[string]any{logoutEvent: true}}, sign},
		"event null":         {map[string]any{"events": map[string]any{logoutEvent: nil}}, sign},
		"no name":            {map[string]any{"jti": nil}, sign},
		"no session":         {map[string]any{"sid": nil}, sign},
		"no issue":           {map[string]any{"iat": nil}, sign},
		"old":                {map[string]any{"iat": noon.Add(-time.Hour).Unix()}, sign},
		"to come":            {map[string]any{"iat": noon.Add(time.Hour).Unix()}, sign},
		"expired":            {map[string]any{"exp": noon.Add(-time.Second).Unix()}, sign},
		"an ID token":        {nil, func(map[string]any) string { return g.sign(g.id) }},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			claims := g.logoutClaims(name)
			maps.Copy(claims, row.claims)
			maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
			b.visit("POST", "/logout-token", url.Values{"logout_token": {row.sign(claims)}}).must(t, 400)
			b.get("/mi-carpeta").must(t, 200, "MARÍA GARCÍA LÓPEZ")
		})
	}
}
