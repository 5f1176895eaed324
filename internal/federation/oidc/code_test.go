package oidc_test

import (
	"reflect"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/relying"
)

// A login from the request to what the service knows.
func TestCodeFlow(t *testing.T) {
	w := newWorld(t)
	request := w.begin(asks("sede"))
	if request.Protocol != "oidc" || request.Party != "sede" || request.ReturnTo != back || request.RelayState != "the state" || request.ID == "" {
		t.Errorf("%+v", request)
	}
	if want := []relying.Attribute{relying.NIF, relying.Names}; !reflect.DeepEqual(request.Released, want) {
		t.Errorf("released: %v", request.Released)
	}
	result, answer, err := w.agree(request, w.person)
	if err != nil {
		t.Fatal(err)
	}
	got := query(t, answer.Location)
	if got.Get("state") != "the state" || got.Get("iss") != issuer || len(got) != 3 {
		t.Errorf("answered with %v", got)
	}
	w.pass(time.Minute)
	x := w.post("/oidc/token", exchanges(got.Get("code")), basic("sede", secret))
	if x.Status != 200 || x.Type != "Bearer" || x.Life != 300 || x.Refresh != "" || x.Header.Get("Cache-Control") == "" {
		t.Fatalf("%d %s", x.Status, x.Raw)
	}
	claims := says(t, x.ID)
	for name, want := range map[string]any{
		"iss": issuer, "aud": "sede", "nonce": "the nonce", "acr": "http://eidas.europa.eu/LoA/substantial", "sid": result.Participation,
		"nif": "12345678Z", "given_name": "Carmen", "family_name": "Española Española", "first_surname": "Española", "second_surname": "Española",
	} {
		if !reflect.DeepEqual(claims[name], want) {
			t.Errorf("%s: %v, want %v", name, claims[name], want)
		}
	}
	if amr := claims["amr"]; !reflect.DeepEqual(amr, []any{"otp", "sms"}) {
		t.Errorf("amr: %v", amr)
	}
	info, user := w.user(x.Access)
	if info.Status != 200 || user["sub"] != claims["sub"] || user["nif"] != "12345678Z" {
		t.Errorf("%d %v", info.Status, user)
	}
}

// The times of a login are another world's; a service is told real ones.
func TestAuthTimeIsReal(t *testing.T) {
	w := newWorld(t)
	request := w.begin(asks("sede"))
	_, answer, err := w.agree(request, w.person)
	if err != nil {
		t.Fatal(err)
	}
	claims := says(t, w.post("/oidc/token", exchanges(query(t, answer.Location).Get("code")), basic("sede", secret)).ID)
	at, _ := claims["auth_time"].(float64)
	if age := time.Since(time.Unix(int64(at), 0)); age < 0 || age > time.Minute {
		t.Errorf("identified %v ago", age)
	}
}

func TestLevelAsked(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		change map[string]string
		want   assurance.Level
	}{
		"none":             {nil, 0},
		"one":              {map[string]string{"acr_values": "http://eidas.europa.eu/LoA/substantial"}, assurance.Substantial},
		"the lowest":       {map[string]string{"acr_values": "http://eidas.europa.eu/LoA/high http://eidas.europa.eu/LoA/low"}, assurance.Low},
		"by claim":         {map[string]string{"claims": `{"id_token":{"acr":{"value":"http://eidas.europa.eu/LoA/high"}}}`}, assurance.High},
		"essential":        {map[string]string{"claims": `{"id_token":{"acr":{"essential":true,"values":["http://eidas.europa.eu/LoA/substantial","x"]}}}`}, assurance.Substantial},
		"wished, unknown":  {map[string]string{"claims": `{"id_token":{"acr":{"value":"x"}}}`}, 0},
		"only that it be ": {map[string]string{"claims": `{"id_token":{"acr":{"essential":true}}}`}, 0},
	} {
		if r := w.begin(with(asks("sede"), c.change)); r.Level != c.want {
			t.Errorf("%s: %v, want %v", name, r.Level, c.want)
		}
	}
}
