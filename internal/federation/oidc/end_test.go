package oidc_test

import (
	"context"
	"crypto/elliptic"
	"encoding/base64"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"clave/internal/federation/oidc"
	"clave/internal/login"
	"clave/internal/relying"
)

const out = "https://sede.example/out"

// A service asks to end the session: what it proves decides whether the person is asked first.
func TestLogoutAsked(t *testing.T) {
	w := newWorld(t)
	code, result := w.code(asks("sede"))
	token := w.post("/oidc/token", exchanges(code), basic("sede", secret)).ID
	for name, c := range map[string]struct {
		values url.Values
		want   oidc.Logout
	}{
		"by its token": {url.Values{"id_token_hint": {token}, "post_logout_redirect_uri": {out}, "state": {"s"}},
			oidc.Logout{Party: "sede", Participation: result.Participation, ReturnTo: out, State: "s", Fresh: true}},
		"and its name": {url.Values{"id_token_hint": {token}, "client_id": {"sede"}, "ui_locales": {"gl"}},
			oidc.Logout{Party: "sede", Participation: result.Participation, Fresh: true, Locales: "gl"}},
		"by its name":  {url.Values{"client_id": {"sede"}, "post_logout_redirect_uri": {out}}, oidc.Logout{Party: "sede", ReturnTo: out}},
		"by nobody":    {url.Values{}, oidc.Logout{}},
		"with a state": {url.Values{"state": {"s"}}, oidc.Logout{State: "s"}},
	} {
		if c.want.Fresh {
			c.want.Once = proof(t, w, token)
		}
		if w.browse("/oidc/logout?" + c.values.Encode()); w.ended == nil || *w.ended != c.want {
			t.Errorf("%s: %+v, %q", name, w.ended, w.problem)
		}
		r := httptest.NewRequest(http.MethodPost, issuer+"/oidc/logout", strings.NewReader(c.values.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w.ended = nil
		if w.handler.ServeHTTP(httptest.NewRecorder(), r); w.ended == nil || *w.ended != c.want {
			t.Errorf("%s, posted: %+v", name, w.ended)
		}
	}
	for name, values := range map[string]url.Values{
		"elsewhere":           {"id_token_hint": {token}, "post_logout_redirect_uri": {"https://attacker.example"}},
		"nearly there":        {"id_token_hint": {token}, "post_logout_redirect_uri": {out + "/"}},
		"an address of login": {"id_token_hint": {token}, "post_logout_redirect_uri": {back}},
		"by nobody, there":    {"post_logout_redirect_uri": {out}},
		"another's token":     {"id_token_hint": {token}, "client_id": {"public"}},
		"unknown":             {"client_id": {"nobody"}},
		"nonsense":            {"id_token_hint": {"x"}},
		"changed":             {"id_token_hint": {token[:len(token)-6] + "AAAAAA"}},
		"another signs it":    {"id_token_hint": {newKey(t, kid(t, token)).sign(t, "JWT", says(t, token))}},
		"not one of ours":     {"id_token_hint": {newKey(t, "x").sign(t, "JWT", says(t, token))}},
	} {
		if w.browse("/oidc/logout?" + values.Encode()); w.ended != nil || w.problem == "" {
			t.Errorf("%s: %+v", name, w.ended)
		}
	}
}

// An ID token that has expired still says whom it was about; after an hour it proves nothing.
func TestLogoutByAnOldToken(t *testing.T) {
	w := newWorld(t)
	s, err := ring().Signing("oidc", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for age, fresh := range map[time.Duration]bool{59 * time.Minute: true, 61 * time.Minute: false} {
		at := time.Now().Add(-age)
		token := ours(t, s.Signer, s.ID, "JWT", map[string]any{"iss": issuer, "aud": "sede", "sub": "x", "sid": "p", "iat": at.Unix(), "exp": at.Add(time.Minute).Unix()})
		if w.browse("/oidc/logout?id_token_hint=" + token); w.ended == nil || w.ended.Fresh != fresh || w.ended.Participation != "p" {
			t.Errorf("%v: %+v, %q", age, w.ended, w.problem)
		}
	}
	other := ours(t, s.Signer, s.ID, "at+jwt", map[string]any{"iss": issuer, "aud": "sede", "iat": time.Now().Unix()})
	if w.browse("/oidc/logout?id_token_hint=" + other); w.ended != nil {
		t.Error("an access token serves as a hint")
	}
}

// proof is the name under which a hint is used once.
func proof(t *testing.T, w *world, token string) string {
	t.Helper()
	if w.browse("/oidc/logout?id_token_hint=" + token); w.ended == nil || w.ended.Once == "" {
		t.Fatalf("%+v, %q", w.ended, w.problem)
	}
	return w.ended.Once
}

// A token is the same proof however its signature is written: with (r, s) by ECDSA, (r, n - s) is as good.
func TestLogoutHintIsOneProof(t *testing.T) {
	w := newWorld(t)
	var tokens, names []string
	for range 2 {
		code, _ := w.code(asks("sede"))
		token := w.post("/oidc/token", exchanges(code), basic("sede", secret)).ID
		tokens, names = append(tokens, token), append(names, proof(t, w, token))
	}
	if names[0] == names[1] {
		t.Error("two tokens are one proof")
	}
	signed := tokens[0][:strings.LastIndex(tokens[0], ".")+1]
	raw, err := base64.RawURLEncoding.DecodeString(tokens[0][len(signed):])
	if err != nil {
		t.Fatal(err)
	}
	s := new(big.Int).SetBytes(raw[32:])
	s.Sub(elliptic.P256().Params().N, s).FillBytes(raw[32:])
	other := signed + base64.RawURLEncoding.EncodeToString(raw)
	if got := proof(t, w, other); other == tokens[0] || got != names[0] {
		t.Errorf("%s, then %s", names[0], got)
	}
}

func TestLogoutLocation(t *testing.T) {
	for _, c := range []struct {
		out  oidc.Logout
		want string
	}{
		{oidc.Logout{}, ""},
		{oidc.Logout{State: "s"}, ""},
		{oidc.Logout{ReturnTo: out}, out},
		{oidc.Logout{ReturnTo: out + "?a=b", State: "s s"}, out + "?a=b&state=s+s"},
	} {
		if got := c.out.Location(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// listener is a service on this machine.
type listener struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	heard  chan struct{} // closed at the first request
	forms  []url.Values
	bodies []string
	auth   []string
}

func listen(t *testing.T) *listener {
	l := &listener{status: http.StatusOK, heard: make(chan struct{})}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		body := make([]byte, 4096)
		n, _ := r.Body.Read(body)
		form, _ := url.ParseQuery(string(body[:n]))
		l.forms, l.bodies, l.auth = append(l.forms, form), append(l.bodies, string(body[:n])), append(l.auth, r.Header.Get("Authorization"))
		if len(l.forms) == 1 {
			close(l.heard)
		}
		w.WriteHeader(l.status)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) answers(status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status = status
}

func (l *listener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.forms)
}

// told is a service that can be told of the end of a session.
func told(l *listener) relying.Party {
	return relying.Party{ID: "told", Test: true, Names: map[string]string{"es": "Avisada"}, OIDC: &relying.OIDC{
		Redirects: []string{back}, Auth: relying.None, BackChannel: l.URL + "/logout"}}
}

func (w *world) state(id string) login.State {
	w.t.Helper()
	p, found, err := w.db.Participation(w.t.Context(), id)
	if err != nil || !found {
		w.t.Fatal(found, err)
	}
	return p.State
}

// A service is told that the session ended, in a token that cannot be taken for another, once.
func TestBackChannelLogout(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		l := listen(t)
		w.parties[0] = told(l)
		code, result := w.code(asks("told"))
		subject := says(t, w.post("/oidc/token", public(exchanges(code), "told")).ID)["sub"]
		w.end(result.Session)
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if err := w.Provider.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if l.count() != 1 || w.state(result.Participation) != login.Closed {
			t.Fatalf("told %d times, %s", l.count(), w.state(result.Participation))
		}
		token := l.forms[0].Get("logout_token")
		parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
		if err != nil || parsed.Headers[0].ExtraHeaders["typ"] != "logout+jwt" {
			t.Fatalf("%v %v", err, parsed)
		}
		verifies(t, w, token, "told", "ES256")
		claims := says(t, token)
		events, _ := claims["events"].(map[string]any)
		if claims["sub"] != subject || claims["sid"] != result.Participation || claims["jti"] == "" || claims["nonce"] != nil ||
			len(events) != 1 || events["http://schemas.openid.net/event/backchannel-logout"] == nil {
			t.Errorf("%v", claims)
		}
	})
}

// A service that does not answer is told again, later and later, and in the end is not counted as closed.
func TestBackChannelRetries(t *testing.T) {
	l := listen(t)
	w := newWorld(t, told(l))
	_, result := w.code(asks("told"))
	w.end(result.Session)
	l.answers(http.StatusInternalServerError)
	for range 20 {
		if err := w.Provider.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Second)
	}
	if n := l.count(); n != 2 {
		t.Errorf("told %d times in 20 seconds", n)
	}
	for range 60 {
		w.pass(10 * time.Minute)
		if err := w.Provider.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := l.count(); n != 6 || w.state(result.Participation) != login.Missed {
		t.Errorf("told %d times, %s", n, w.state(result.Participation))
	}
}

// A redirect is no answer, and is not followed.
func TestBackChannelFollowsNothing(t *testing.T) {
	l, inside := listen(t), listen(t)
	w := newWorld(t, told(l))
	l.Config.Handler = http.RedirectHandler(inside.URL, http.StatusTemporaryRedirect)
	_, result := w.code(asks("told"))
	w.end(result.Session)
	if err := w.Provider.Close(t.Context()); err != nil || inside.count() != 0 || w.state(result.Participation) != login.Owed {
		t.Errorf("%v, %d, %s", err, inside.count(), w.state(result.Participation))
	}
}

// Only a test party may be on this machine (CVE-2022-24129).
func TestPast31BackChannelStaysOutside(t *testing.T) {
	l := listen(t)
	live := told(l)
	live.Test = false
	secure := live
	secure.ID = "secure"
	secure.OIDC = &relying.OIDC{Redirects: []string{back}, Auth: relying.None, BackChannel: strings.Replace(l.URL, "http:", "https:", 1)}
	w := newWorld(t, live, secure)
	for _, id := range []string{"told", "secure"} {
		_, result := w.code(asks(id))
		w.end(result.Session)
		if err := w.Provider.Close(t.Context()); err != nil || w.state(result.Participation) != login.Owed {
			t.Errorf("%s: %v, %s", id, err, w.state(result.Participation))
		}
	}
	if l.count() != 0 {
		t.Error("we knocked inside")
	}
}

// Run does all of it by itself.
func TestRun(t *testing.T) {
	l := listen(t)
	w := newWorld(t, told(l))
	_, result := w.code(asks("told"))
	w.end(result.Session)
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { w.Run(ctx) })
	w.Wake()
	<-l.heard
	stop()
	all.Wait()
	if got := w.state(result.Participation); got != login.Closed {
		t.Errorf("%s", got)
	}
}
