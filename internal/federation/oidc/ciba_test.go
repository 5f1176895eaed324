package oidc_test

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/confirm"
	"clave/internal/login"
	"clave/internal/relying"
)

// asker is a help desk: it asks people to confirm while they are on the phone.
func asker(id string, mode relying.CIBA) relying.Party {
	return relying.Party{ID: id, Names: map[string]string{"es": "Ayuda"}, OIDC: &relying.OIDC{
		Redirects: []string{back}, Auth: relying.SecretBasic, SecretHashes: [][]byte{sha(secret)}, CIBA: mode}}
}

func confirms(number string) url.Values {
	return url.Values{"scope": {"openid nif profile"}, "login_hint": {number}, "binding_message": {"Cambio de cita"}, "acr_values": {"http://eidas.europa.eu/LoA/substantial"}}
}

func polls(asked string) url.Values {
	return url.Values{"grant_type": {"urn:openid:params:grant-type:ciba"}, "auth_req_id": {asked}}
}

// answers says what the person says on our own page.
func (w *world) answers(verdict confirm.State) confirm.Asked {
	w.t.Helper()
	list, err := w.confirm.Waiting(w.t.Context(), w.person)
	if err != nil || len(list) == 0 {
		w.t.Fatalf("nothing waits: %v", err)
	}
	means := confirm.Means{Session: w.session(), Method: assurance.PIN, Level: assurance.Substantial, At: w.time()}
	a, why, err := w.confirm.Answer(w.t.Context(), confirm.Answer{ID: list[0].ID, Citizen: w.person, Means: means, Verdict: verdict})
	if err != nil || why != confirm.None {
		w.t.Fatal(why, err)
	}
	return a
}

// session is a live one of the person's.
func (w *world) session() (id string) {
	w.t.Helper()
	l, err := w.broker.Begin(w.t.Context(), login.Request{Protocol: "own", Party: "sede", ID: number()})
	if err != nil {
		w.t.Fatal(err)
	}
	proof := assurance.Mint(assurance.Claim{
		Citizen: w.person, Login: l.ID, Browser: l.Browser, Method: assurance.PIN, Proofing: assurance.Advanced, Binding: assurance.High, At: w.time(),
	})
	err = w.db.Do(w.t.Context(), func(ctx context.Context) error {
		who, _, err := w.broker.Identify(ctx, l, proof, login.Arrival{Visitor: audit.Visitor{}})
		id = who.Session.ID
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) asksFor(id, number string) reply {
	w.t.Helper()
	x := w.post("/oidc/ciba", confirms(number), basic(id, secret))
	if x.Status != 200 || x.Asked == "" || x.Life < 298 || x.Life > 300 {
		w.t.Fatalf("%d %s", x.Status, x.Raw)
	}
	return x
}

// A help desk asks; the person confirms on our own page; one of many questions at once gets the answer.
func TestConfirmation(t *testing.T) {
	onBothWith(t, []relying.Party{asker("desk", relying.Poll)}, func(t *testing.T, w *world) {
		asked := w.asksFor("desk", "nif:12345678z").Asked
		if x := w.post("/oidc/token", polls(asked), basic("desk", secret)); x.Error != "authorization_pending" || x.Status != 400 {
			t.Errorf("waiting: %d %s", x.Status, x.Raw)
		}
		w.answers(confirm.Confirmed)
		if x := w.post("/oidc/token", polls(asked), basic("desk", secret)); x.Error != "slow_down" {
			t.Errorf("too early: %s", x.Raw)
		}
		w.later(asked)
		var access, id string
		answers := atOnce(20, func() string {
			x := w.post("/oidc/token", polls(asked), basic("desk", secret))
			if x.Access != "" {
				access, id = x.Access, x.ID
			}
			return outcome(x)
		})
		if answers["token"] != 1 || answers["slow_down"] != 19 {
			t.Fatalf("%v", answers)
		}
		if claims := says(t, id); claims["nif"] != "12345678Z" || claims["acr"] != "http://eidas.europa.eu/LoA/substantial" || claims["aud"] != "desk" || claims["given_name"] != "Carmen" {
			t.Errorf("%v", claims)
		}
		if info, user := w.user(access); info.Status != 200 || user["nif"] != "12345678Z" {
			t.Errorf("%d %v", info.Status, user)
		}
		w.later(asked)
		if x := w.post("/oidc/token", polls(asked), basic("desk", secret)); x.Error != "expired_token" {
			t.Errorf("used: %s", x.Raw)
		}
	})
}

func TestConfirmationRefused(t *testing.T) {
	for verdict, want := range map[confirm.State]string{confirm.Refused: "access_denied", confirm.Reported: "access_denied"} {
		w := newWorld(t, asker("desk", relying.Poll))
		asked := w.asksFor("desk", "12345678Z").Asked
		w.answers(verdict)
		if x := w.post("/oidc/token", polls(asked), basic("desk", secret)); x.Error != want || x.Status != 400 {
			t.Errorf("%s: %d %s", verdict, x.Status, x.Raw)
		}
	}
}

func TestConfirmationEnds(t *testing.T) {
	w := newWorld(t, asker("desk", relying.Poll))
	asked := w.asksFor("desk", "12345678Z").Asked
	w.pass(10 * time.Minute)
	if x := w.post("/oidc/token", polls(asked), basic("desk", secret)); x.Error != "expired_token" {
		t.Errorf("%s", x.Raw)
	}
}

// A stranger looks like a citizen who does not answer.
func TestRule08ConfirmationOfAStranger(t *testing.T) {
	w := newWorld(t, asker("desk", relying.Poll))
	known, stranger := w.asksFor("desk", "12345678Z"), w.asksFor("desk", "00000000T")
	if known.Status != stranger.Status || len(known.Raw) != len(stranger.Raw) {
		t.Errorf("%s\n%s", known.Raw, stranger.Raw)
	}
	for _, asked := range []string{known.Asked, stranger.Asked} {
		if x := w.post("/oidc/token", polls(asked), basic("desk", secret)); x.Error != "authorization_pending" {
			t.Errorf("%s", x.Raw)
		}
	}
}

// Each question that comes too early makes the service wait longer, and confirmations cannot be fetched by others.
func TestSlowDown(t *testing.T) {
	w := newWorld(t, asker("desk", relying.Poll), asker("other", relying.Poll))
	asked := w.asksFor("desk", "12345678Z").Asked
	if x := w.post("/oidc/token", polls(asked), basic("other", secret)); x.Error != "invalid_grant" {
		t.Errorf("another's: %s", x.Raw)
	}
	for i, want := range []string{"authorization_pending", "slow_down", "slow_down"} {
		if x := w.post("/oidc/token", polls(asked), basic("desk", secret)); x.Error != want {
			t.Errorf("%d: %s", i, x.Raw)
		}
	}
	if got := w.interval(asked); got != 15*time.Second {
		t.Errorf("the interval is %v", got)
	}
}

func TestConfirmationsRefused(t *testing.T) {
	w := newWorld(t, asker("desk", relying.Poll), asker("pinged", relying.Ping))
	for name, c := range map[string]struct {
		change map[string]string
		auth   change
		want   string
	}{
		"not registered":  {nil, basic("sede", secret), "unauthorized_client"},
		"nobody":          {nil, basic("desk", "wrong"), "invalid_client"},
		"no person":       {map[string]string{"login_hint": ""}, basic("desk", secret), "invalid_request"},
		"not a NIF":       {map[string]string{"login_hint": "12345678A"}, basic("desk", secret), "unknown_user_id"},
		"no message":      {map[string]string{"binding_message": ""}, basic("desk", secret), "invalid_binding_message"},
		"an address":      {map[string]string{"binding_message": "mire www.example.com"}, basic("desk", secret), "invalid_binding_message"},
		"no openid":       {map[string]string{"scope": "nif"}, basic("desk", secret), "invalid_request"},
		"too long":        {map[string]string{"requested_expiry": "601"}, basic("desk", secret), "invalid_request"},
		"no number":       {map[string]string{"requested_expiry": "soon"}, basic("desk", secret), "invalid_request"},
		"no time":         {map[string]string{"requested_expiry": "0"}, basic("desk", secret), "invalid_request"},
		"too high":        {map[string]string{"acr_values": "http://eidas.europa.eu/LoA/high"}, basic("desk", secret), "unmet_authentication_requirements"},
		"another hint":    {map[string]string{"id_token_hint": "x"}, basic("desk", secret), "invalid_request"},
		"no ping's token": {nil, basic("pinged", secret), "invalid_request"},
	} {
		if x := w.post("/oidc/ciba", with(confirms("12345678Z"), c.change), c.auth); x.Error != c.want {
			t.Errorf("%s: %d %s", name, x.Status, x.Raw)
		}
	}
}

// Who asks too often is told to wait, whoever they ask about.
func TestConfirmationsTooOften(t *testing.T) {
	w := newWorld(t, asker("desk", relying.Poll))
	for _, number := range []string{"12345678Z", "00000000T"} {
		w.asksFor("desk", number)
		if x := w.post("/oidc/ciba", confirms(number), basic("desk", secret)); x.Status != http.StatusTooManyRequests || x.Error != "access_denied" || x.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", number, x.Status, x.Raw)
		}
	}
}

// A service that wants to be told is told that there is an answer, by its own token, and not which.
func TestPing(t *testing.T) {
	l := listen(t)
	party := asker("desk", relying.Ping)
	party.Test, party.OIDC.Notify = true, l.URL+"/ping"
	w := newWorld(t, party)
	x := w.post("/oidc/ciba", with(confirms("12345678Z"), map[string]string{"client_notification_token": "its-token"}), basic("desk", secret))
	ping := func() {
		t.Helper()
		w.due()
		if err := w.Provider.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ping()
	if l.count() != 0 {
		t.Error("told of nothing")
	}
	w.answers(confirm.Confirmed)
	l.answers(http.StatusInternalServerError)
	ping()
	l.answers(http.StatusNoContent)
	w.due()
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() { w.Provider.Ping(t.Context()) })
	}
	all.Wait()
	ping()
	if l.count() != 2 || l.auth[1] != "Bearer its-token" || l.bodies[1] != `{"auth_req_id":"`+x.Asked+`"}` {
		t.Errorf("told %d times: %q %q", l.count(), l.auth, l.bodies)
	}
	if y := w.post("/oidc/token", polls(x.Asked), basic("desk", secret)); y.Status != 200 {
		t.Errorf("%s", y.Raw)
	}
}

// CVE-2026-9798: whoever was frozen confirms nothing, and what was given because of them is worth nothing any more.
func TestPast10FrozenMeanwhile(t *testing.T) {
	w := newWorld(t, asker("desk", relying.Poll))
	code, _ := w.code(offline("sede"))
	given := w.post("/oidc/token", exchanges(code), basic("sede", secret))
	asked := w.asksFor("desk", "12345678Z").Asked
	w.answers(confirm.Confirmed)
	w.freeze(w.person)
	if x := w.post("/oidc/token", polls(asked), basic("desk", secret)); x.Error != "access_denied" {
		t.Errorf("confirmed before: %s", x.Raw)
	}
	if x := w.post("/oidc/token", refreshes(given.Refresh), basic("sede", secret)); x.Error != "invalid_grant" {
		t.Errorf("refreshed: %s", x.Raw)
	}
	if info, _ := w.user(given.Access); info.Status != 401 {
		t.Errorf("userinfo: %d", info.Status)
	}
}

func (w *world) freeze(person string) {
	w.t.Helper()
	err := w.db.Do(w.t.Context(), func(ctx context.Context) error {
		c, _, err := w.db.Citizen(ctx, person)
		if err != nil {
			return err
		}
		c.Frozen = true
		return w.db.SaveCitizen(ctx, c)
	})
	if err != nil {
		w.t.Fatal(err)
	}
}
