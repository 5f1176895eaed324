package oidc_test

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"sync"
	"testing"

	"clave/internal/federation/oidc"
	"clave/internal/login"
	"clave/internal/relying"
	"clave/internal/store/storetest"
)

// onBoth runs a test on each database.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) { onBothWith(t, nil, test) }

func onBothWith(t *testing.T, more []relying.Party, test func(t *testing.T, w *world)) {
	t.Run("SQLite", func(t *testing.T) { test(t, worldAt(t, filepath.Join(t.TempDir(), "clave.db"), ring(), more...)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, worldAt(t, storetest.Postgres(t), ring(), more...)) })
}

// atOnce calls f many times in parallel and counts its answers.
func atOnce(n int, f func() string) map[string]int {
	var all sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]int{}
	for range n {
		all.Go(func() {
			answer := f()
			mu.Lock()
			defer mu.Unlock()
			answers[answer]++
		})
	}
	all.Wait()
	return answers
}

func outcome(x reply) string {
	if x.Access != "" {
		return "token"
	}
	return x.Error
}

// fosite#778: one code, many exchanges at once, one token; and that one dies, for somebody else has the code.
func TestPast07OneCodeOneToken(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		code, _ := w.code(asks("sede"))
		var access string
		answers := atOnce(50, func() string {
			x := w.post("/oidc/token", exchanges(code), basic("sede", secret))
			if x.Access != "" {
				access = x.Access
			}
			return outcome(x)
		})
		if answers["token"] != 1 || answers["invalid_grant"] != 49 {
			t.Errorf("%v", answers)
		}
		if x, _ := w.user(access); x.Status != 401 {
			t.Errorf("the token of a code used twice still works: %d", x.Status)
		}
	})
}

func refreshes(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

func offline(party string) url.Values {
	return with(asks(party), map[string]string{"scope": "openid nif offline_access"})
}

// CVE-2026-1035: a refresh token is changed for one other, however many ask at once; and then nobody knows who the thief is.
func TestPast08RotationIsAtomic(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		code, _ := w.code(offline("sede"))
		first := w.post("/oidc/token", exchanges(code), basic("sede", secret))
		if first.Refresh == "" {
			t.Fatalf("no refresh token: %s", first.Raw)
		}
		var last string
		answers := atOnce(50, func() string {
			x := w.post("/oidc/token", refreshes(first.Refresh), basic("sede", secret))
			if x.Refresh != "" {
				last = x.Refresh
			}
			return outcome(x)
		})
		if answers["token"] != 1 || answers["invalid_grant"] != 49 {
			t.Errorf("%v", answers)
		}
		if x := w.post("/oidc/token", refreshes(last), basic("sede", secret)); x.Error != "invalid_grant" {
			t.Errorf("the family lives on: %s", x.Raw)
		}
	})
}

func TestRefreshRotates(t *testing.T) {
	w := newWorld(t)
	code, _ := w.code(offline("public"))
	x := w.post("/oidc/token", public(exchanges(code), "public"))
	seen := map[string]bool{}
	for range 5 {
		if x.Status != 200 || x.Refresh == "" || seen[x.Refresh] {
			t.Fatalf("%d %s", x.Status, x.Raw)
		}
		seen[x.Refresh] = true
		x = w.post("/oidc/token", public(refreshes(x.Refresh), "public"))
	}
	if info, _ := w.user(x.Access); info.Status != 200 {
		t.Errorf("userinfo: %d", info.Status)
	}
}

// A refresh token that was spent ends the family; one that never was ends nothing, or anybody could end a session.
func TestReuseEndsTheFamily(t *testing.T) {
	w := newWorld(t)
	code, _ := w.code(offline("public"))
	first := w.post("/oidc/token", public(exchanges(code), "public"))
	second := w.post("/oidc/token", public(refreshes(first.Refresh), "public"))
	if x := w.post("/oidc/token", public(refreshes(first.Refresh[:20]+"AAAA"), "public")); x.Error != "invalid_grant" {
		t.Errorf("nonsense: %s", x.Raw)
	}
	if x, _ := w.user(second.Access); x.Status != 200 {
		t.Errorf("nonsense ended the family: %d", x.Status)
	}
	if x := w.post("/oidc/token", public(refreshes(first.Refresh), "public")); x.Error != "invalid_grant" {
		t.Errorf("spent: %s", x.Raw)
	}
	if x := w.post("/oidc/token", public(refreshes(second.Refresh), "public")); x.Error != "invalid_grant" {
		t.Errorf("after the reuse: %s", x.Raw)
	}
	if x, _ := w.user(second.Access); x.Status != 401 {
		t.Errorf("the access token lives on: %d", x.Status)
	}
}

// What was given because of a session dies with it.
func TestSessionEndsEverything(t *testing.T) {
	w := newWorld(t)
	code, result := w.code(offline("sede"))
	x := w.post("/oidc/token", exchanges(code), basic("sede", secret))
	w.end(result.Session)
	if info, _ := w.user(x.Access); info.Status != 401 {
		t.Errorf("userinfo: %d", info.Status)
	}
	if y := w.post("/oidc/token", refreshes(x.Refresh), basic("sede", secret)); y.Error != "invalid_grant" {
		t.Errorf("refresh: %s", y.Raw)
	}
	late, other := w.code(asks("sede"))
	w.end(other.Session)
	if y := w.post("/oidc/token", exchanges(late), basic("sede", secret)); y.Error != "invalid_grant" {
		t.Errorf("a code after the logout: %s", y.Raw)
	}
}

func TestSessionGrowsOld(t *testing.T) {
	w := newWorld(t)
	code, _ := w.code(offline("sede"))
	x := w.post("/oidc/token", exchanges(code), basic("sede", secret))
	w.pass(login.DefaultLimits().Idle)
	if y := w.post("/oidc/token", refreshes(x.Refresh), basic("sede", secret)); y.Error != "invalid_grant" {
		t.Errorf("%s", y.Raw)
	}
}

// CVE-2022-39222: a code that was stolen on its way is worth nothing without the verifier, nor to another client.
func TestPast17StolenCode(t *testing.T) {
	w := newWorld(t)
	for name, steal := range map[string]func(code string) reply{
		"without verifier": func(code string) reply {
			return w.post("/oidc/token", public(with(exchanges(code), map[string]string{"code_verifier": ""}), "public"))
		},
		"by another client": func(code string) reply { return w.post("/oidc/token", public(exchanges(code), "nameless")) },
		"for another address": func(code string) reply {
			return w.post("/oidc/token", public(with(exchanges(code), map[string]string{"redirect_uri": back + "?tenant=1"}), "public"))
		},
		"the half that is no secret": func(code string) reply {
			return w.post("/oidc/token", public(exchanges(code[:25]+"."), "public"))
		},
	} {
		code, _ := w.code(asks("public"))
		if x := steal(code); x.Error != "invalid_grant" || x.Status != 400 {
			t.Errorf("%s: %d %s", name, x.Status, x.Raw)
		}
	}
}

// CVE-2026-41213: a wrong verifier burns the code.
func TestPast19WrongVerifierBurnsTheCode(t *testing.T) {
	w := newWorld(t)
	code, _ := w.code(asks("public"))
	wrong := with(exchanges(code), map[string]string{"code_verifier": verifier[1:] + "x"})
	if x := w.post("/oidc/token", public(wrong, "public")); x.Error != "invalid_grant" {
		t.Fatalf("%s", x.Raw)
	}
	if x := w.post("/oidc/token", public(exchanges(code), "public")); x.Error != "invalid_grant" {
		t.Errorf("the right verifier afterwards: %s", x.Raw)
	}
}

// A finished login gives no second code, whatever calls again.
func TestNoSecondCode(t *testing.T) {
	w := newWorld(t)
	result, _, err := w.agree(w.begin(asks("sede")), w.person)
	if err != nil {
		t.Fatal(err)
	}
	err = w.db.Do(t.Context(), func(ctx context.Context) error {
		_, err := w.Answer(ctx, result)
		return err
	})
	if !errors.Is(err, oidc.ErrAnswered) {
		t.Errorf("%v", err)
	}
	for _, path := range []string{"/oidc/authorize/" + result.Login.Request.ID, "/oidc/authorize/x/y", "/register", "/oidc/register"} {
		if x := w.browse(path); x.Code != 404 {
			t.Errorf("%s: %d", path, x.Code)
		}
	}
}

// Nothing is thrown away because there is much of it.
func TestStorageHasNoCap(t *testing.T) {
	w := newWorld(t)
	first, _ := w.code(asks("sede"))
	for range 150 {
		w.code(asks("sede"))
	}
	if x := w.post("/oidc/token", exchanges(first), basic("sede", secret)); x.Status != 200 {
		t.Errorf("%s", x.Raw)
	}
}

// A service that lost its right to an address gets no answer there; one that is gone gets none at all.
func TestAnswerLooksAgain(t *testing.T) {
	w := newWorld(t)
	request := w.begin(asks("sede"))
	w.parties[0].OIDC.Redirects = w.parties[0].OIDC.Redirects[1:]
	if _, _, err := w.agree(request, w.person); !errors.Is(err, oidc.ErrReturn) {
		t.Errorf("%v", err)
	}
	if _, err := w.Fail(t.Context(), request, login.Cancelled); !errors.Is(err, oidc.ErrReturn) {
		t.Errorf("%v", err)
	}
}

func TestFailures(t *testing.T) {
	w := newWorld(t)
	request := w.begin(asks("sede"))
	for why, want := range map[login.Failure]string{
		login.Cancelled: "access_denied", login.Failed: "access_denied", login.TimedOut: "access_denied",
		login.Denied: "unmet_authentication_requirements", login.Passive: "login_required",
		login.Unexpected: "login_required", login.MustAgree: "interaction_required",
		"another": "access_denied",
	} {
		answer, err := w.Fail(t.Context(), request, why)
		if err != nil {
			t.Fatal(err)
		}
		if got := query(t, answer.Location); got.Get("error") != want || got.Get("iss") != issuer || got.Get("state") != "the state" || got.Get("code") != "" {
			t.Errorf("%s: %v", why, got)
		}
	}
}
