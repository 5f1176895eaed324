package oidc_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/confirm"
	"clave/internal/contact"
	"clave/internal/federation/oidc"
	"clave/internal/keyring"
	"clave/internal/login"
	"clave/internal/nif"
	"clave/internal/relying"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

const (
	issuer   = "https://clave.example"
	back     = "https://sede.example/back"
	secret   = "the-secret-of-sede-0123456789abcdefghijklmn"
	verifier = "a-verifier-of-forty-three-characters-or-more-0"
)

// noon is the time of the world where people identify themselves: not the real one.
var noon = time.Date(2031, 3, 2, 12, 0, 0, 0, time.UTC)

var ring = storetest.Ring

// world is the provider on a real store with a real broker, as a node has them.
type world struct {
	*oidc.Provider
	t       testing.TB
	db      *store.Store
	broker  *login.Broker
	confirm *confirm.Service
	handler http.Handler
	parties relying.List
	person  string
	doomed  bool // every unit of work of the provider is undone at its end

	mu      sync.Mutex
	now     time.Time
	begun   *login.Request
	ended   *oidc.Logout
	problem string
}

// sha is how a secret is registered.
func sha(text string) []byte { sum := sha256.Sum256([]byte(text)); return sum[:] }

func s256(verifier string) string { return base64.RawURLEncoding.EncodeToString(sha(verifier)) }

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// parties are the services: one with a secret, one that is public, and those that the tests add.
func parties() relying.List {
	names := map[string]string{"es": "Sede"}
	return relying.List{
		{ID: "sede", Names: names, OIDC: &relying.OIDC{
			Redirects: []string{back, back + "?tenant=1"}, LogoutReturn: []string{"https://sede.example/out"}, BackChannel: "https://sede.example/logout",
			Auth: relying.SecretBasic, SecretHashes: [][]byte{sha("an older one"), sha(secret)},
		}},
		{ID: "poster", Names: names, OIDC: &relying.OIDC{Redirects: []string{back}, Auth: relying.SecretPost, SecretHashes: [][]byte{sha(secret)}}},
		{ID: "public", Names: names, OIDC: &relying.OIDC{Redirects: []string{back}, Auth: relying.None}},
		{ID: "nameless", Names: names, Released: []relying.Attribute{relying.NIF}, OIDC: &relying.OIDC{
			Redirects: []string{"https://other.example/back"}, Auth: relying.None}},
		{ID: "old", Names: names, OIDC: &relying.OIDC{Redirects: []string{back}, Auth: relying.None, RS256: true}},
		{ID: "saml", Names: names, SAML: &relying.SAML{}},
	}
}

func newWorld(t testing.TB, more ...relying.Party) *world {
	t.Helper()
	return worldAt(t, filepath.Join(t.TempDir(), "clave.db"), ring(), more...)
}

func worldAt(t testing.TB, address string, keys *keyring.Ring, more ...relying.Party) *world {
	t.Helper()
	w := &world{t: t, now: noon, parties: append(parties(), more...)}
	var err error
	w.db, err = store.Open(t.Context(), address, store.Options{Kind: keyring.Demo, Ring: keys, Now: w.time, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.db.Close(context.Background()) })
	w.serve(keys)
	w.person = w.register("12345678Z", "Carmen", "Española", "Española")
	return w
}

// again is the same world served by a process that read another key ring.
func again(t testing.TB, w *world, keys *keyring.Ring) *world {
	t.Helper()
	other := &world{t: t, now: w.time(), parties: w.parties, db: w.db, person: w.person}
	other.serve(keys)
	return other
}

// serve sets up broker and provider.
func (w *world) serve(keys *keyring.Ring) {
	w.t.Helper()
	policy, methods := assurance.Policy{NationalPractice: true}, []assurance.Method{assurance.PIN}
	w.broker = &login.Broker{
		Store: w.db, Ring: keys, Parties: w.parties, Policy: policy, Methods: methods, Limits: login.DefaultLimits(), Origin: issuer, Host: "clave.example", Now: w.time,
	}
	w.confirm = &confirm.Service{
		Store: w.db, Ring: keys, Parties: w.parties, Policy: policy, Methods: methods, Limits: confirm.DefaultLimits(), Host: "clave.example", Now: w.time,
	}
	var err error
	w.Provider, err = oidc.New(oidc.Config{
		Issuer: issuer, Store: w.kept(), Ring: keys, Parties: w.parties, Sessions: w.broker, Confirm: w.confirm, Now: w.time, Log: quiet(),
		Begin: func(rw http.ResponseWriter, r *http.Request, request login.Request) {
			w.begun = &request
			http.Redirect(rw, r, "/login/1", http.StatusSeeOther)
		},
		End: func(rw http.ResponseWriter, _ *http.Request, out oidc.Logout) { w.ended = &out },
		Problem: func(rw http.ResponseWriter, _ *http.Request, reason string) {
			w.problem = reason
			rw.WriteHeader(http.StatusBadRequest)
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.handler = w.Handler()
}

// kept is the store of the provider.
func (w *world) kept() oidc.Store { return undoes{w.db, w} }

// undoes is the store, which can fail a unit at its end as a lost database would.
type undoes struct {
	*store.Store
	w *world
}

var errUndone = errors.New("undone")

func (u undoes) Do(ctx context.Context, unit func(context.Context) error) error {
	return u.Store.Do(ctx, func(ctx context.Context) error {
		err := unit(ctx)
		if err == nil && u.w.doomed {
			return errUndone
		}
		return err
	})
}

func (w *world) time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// register makes a citizen.
func (w *world) register(number, given, first, second string) string {
	w.t.Helper()
	n, err := nif.Parse(number)
	if err != nil {
		w.t.Fatal(err)
	}
	phone, err := contact.ParsePhone("+346000000" + number[6:8])
	if err != nil {
		w.t.Fatal(err)
	}
	c := citizen.Citizen{
		ID: "citizen-" + number, NIF: n, GivenName: given, FirstSurname: first, SecondSurname: second, Phone: phone,
		PhoneBinding: assurance.High, Proofing: assurance.Advanced, Registered: noon, Lang: "es",
	}
	if err := w.db.Do(w.t.Context(), func(ctx context.Context) error { return w.db.AddCitizen(ctx, c) }); err != nil {
		w.t.Fatal(err)
	}
	return c.ID
}

// asks is a good request of a party.
func asks(party string) url.Values {
	return url.Values{
		"client_id": {party}, "response_type": {"code"}, "redirect_uri": {back}, "scope": {"openid nif profile"}, "state": {"the state"},
		"nonce": {"the nonce"}, "code_challenge": {s256(verifier)}, "code_challenge_method": {"S256"},
	}
}

func with(values url.Values, change map[string]string) url.Values {
	for name, value := range change {
		if values.Set(name, value); value == "" {
			values.Del(name)
		}
	}
	return values
}

// browse sends a browser to the provider.
func (w *world) browse(target string) *httptest.ResponseRecorder {
	w.begun, w.ended, w.problem = nil, nil, ""
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, issuer+target, nil))
	return answer
}

func (w *world) authorize(values url.Values) *httptest.ResponseRecorder {
	return w.browse("/oidc/authorize?" + values.Encode())
}

// begin is the login that a good request begins.
func (w *world) begin(values url.Values) login.Request {
	w.t.Helper()
	answer := w.authorize(values)
	if w.begun == nil {
		w.t.Fatalf("no login began: %d, %q, %s", answer.Code, w.problem, answer.Header().Get("Location"))
	}
	return *w.begun
}

// logs a person in by PIN and agrees, in one unit as the pages do.
func (w *world) agree(request login.Request, person string) (result login.Result, answer oidc.Answer, err error) {
	w.t.Helper()
	l, err := w.broker.Begin(w.t.Context(), request)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.complete(l, person)
}

func (w *world) complete(l login.Login, person string) (result login.Result, answer oidc.Answer, err error) {
	proof := assurance.Mint(assurance.Claim{
		Citizen: person, Login: l.ID, Browser: l.Browser, Method: assurance.PIN, Proofing: assurance.Advanced, Binding: assurance.High, At: w.time(),
	})
	err = w.db.Do(w.t.Context(), func(ctx context.Context) error {
		who, refusal, err := w.broker.Identify(ctx, l, proof, login.Arrival{})
		if err != nil || refusal != login.None {
			w.t.Errorf("identify: %q, %v", refusal, err)
			return err
		}
		offer, _, err := w.broker.Offer(ctx, l, who.Session.ID, "")
		if err != nil {
			return err
		}
		result, refusal, err = w.broker.Complete(ctx, l, login.Agreed{Mine: who.Session.ID, Seen: offer.Seen}, audit.Visitor{})
		if err != nil || refusal != login.None {
			w.t.Errorf("complete: %q, %v", refusal, err)
			return err
		}
		answer, err = w.Answer(ctx, result)
		return err
	})
	return result, answer, err
}

// code is what the service gets back after a login.
func (w *world) code(values url.Values) (code string, result login.Result) {
	w.t.Helper()
	result, answer, err := w.agree(w.begin(values), w.person)
	if err != nil {
		w.t.Fatal(err)
	}
	return query(w.t, answer.Location).Get("code"), result
}

func query(t testing.TB, location string) url.Values {
	t.Helper()
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// reply is an answer to something that a service posted.
type reply struct {
	Status  int
	Header  http.Header
	Raw     string
	Error   string `json:"error"`
	Text    string `json:"error_description"`
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Refresh string `json:"refresh_token"`
	Type    string `json:"token_type"`
	Scope   string `json:"scope"`
	Handle  string `json:"request_uri"`
	Asked   string `json:"auth_req_id"`
	Life    int    `json:"expires_in"`
}

type change func(r *http.Request)

// amend adds to a posted form.
func amend(more url.Values) change {
	return func(r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		for name, list := range more {
			form[name] = list
		}
		r.Body = io.NopCloser(strings.NewReader(form.Encode()))
	}
}

// basic authenticates a client.
func basic(id, secret string) change { return func(r *http.Request) { r.SetBasicAuth(id, secret) } }

func (w *world) post(path string, form url.Values, changes ...change) (x reply) {
	r := httptest.NewRequest(http.MethodPost, issuer+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RequestURI = path
	for _, c := range changes {
		c(r)
	}
	return w.send(r)
}

func (w *world) send(r *http.Request) (x reply) {
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	json.Unmarshal(answer.Body.Bytes(), &x)
	x.Status, x.Header, x.Raw = answer.Code, answer.Header(), answer.Body.String()
	return x
}

// exchanges is the form that exchanges a code.
func exchanges(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {back}, "code_verifier": {verifier}}
}

func public(values url.Values, id string) url.Values {
	values.Set("client_id", id)
	return values
}

// says is what a token claims.
func says(t testing.TB, token string) (claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no token", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(raw, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

// user asks the userinfo endpoint.
func (w *world) user(token string, changes ...change) (reply, map[string]any) {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, issuer+"/oidc/userinfo", nil)
	r.RequestURI = "/oidc/userinfo"
	r.Header.Set("Authorization", "Bearer "+token)
	for _, c := range changes {
		c(r)
	}
	x, claims := w.send(r), map[string]any{}
	json.Unmarshal([]byte(x.Raw), &claims)
	return x, claims
}

// end ends a session.
func (w *world) end(session string) {
	w.t.Helper()
	err := w.db.Do(w.t.Context(), func(ctx context.Context) error {
		_, err := w.broker.End(ctx, session, "logout", audit.Visitor{})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}
