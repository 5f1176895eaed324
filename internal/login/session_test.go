package login_test

import (
	"context"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/login"
	"clave/internal/notify"
)

// carmen signs in at the first service of a browser and returns its token and session.
func (h *house) carmen(p assurance.Proofing) (id, token, session string) {
	h.t.Helper()
	id = h.citizen("12345678Z", p)
	who := h.signIn(h.begin(plain), id, p, "")
	return id, who.Token.Reveal(), who.Session.ID
}

func TestOneIdentificationForEveryService(t *testing.T) {
	h := open(t)
	_, token, session := h.carmen(assurance.Advanced)
	for _, party := range []string{"sede", "tax", "silent", "strict"} {
		r, refusal, err := h.complete(h.begin(at(party)), "", token)
		if err != nil || refusal != login.None || r.Session != session || r.Level != assurance.Substantial {
			t.Errorf("%s: %q, %v", party, refusal, err)
		}
	}
	list, err := h.db.Participations(t.Context(), session)
	if err != nil || len(list) != 4 {
		t.Errorf("%d services rely on the session, %v", len(list), err)
	}
}

// What a service asks of the proof decides whether the session will do (safety rule 17).
func TestRule17WhatTheSessionIsGoodFor(t *testing.T) {
	h := open(t)
	_, token, _ := h.carmen(assurance.Basic)
	h.now = noon.Add(10 * time.Minute)
	for name, c := range map[string]struct {
		ask     func(*login.Request)
		refusal login.Refusal
	}{
		"anything":         {plain, login.None},
		"young enough":     {func(r *login.Request) { r.MaxAge = 10 * time.Minute }, login.None},
		"too old":          {func(r *login.Request) { r.MaxAge = 9 * time.Minute }, login.Stale},
		"everything anew":  {func(r *login.Request) { r.ForceAuthn = true }, login.Stale},
		"a higher level":   {func(r *login.Request) { r.Level = assurance.Substantial }, login.Stale},
		"a private entity": {at("bank"), login.Stale},
		"an isolated one":  {at("isolated"), login.Stale},
		"its own pages":    {func(r *login.Request) { r.Excluded = []assurance.Method{assurance.PIN} }, login.Stale},
	} {
		l := login.Login{ID: "01", Browser: "b", Began: h.now, Request: login.Request{Protocol: "saml", Party: "sede", ID: name, Level: assurance.Low}}
		c.ask(&l.Request)
		if _, refusal, err := h.complete(l, "", token); refusal != c.refusal || err != nil {
			t.Errorf("%s: %q, %v, want %q", name, refusal, err, c.refusal)
		}
	}
}

// What was proven for a service that stays alone opens that service and no other, whatever the browser holds.
func TestRule17AloneOpensNothingElse(t *testing.T) {
	h := open(t)
	id := h.citizen("12345678Z", assurance.Advanced)
	l := h.begin(at("bank"))
	who := h.signIn(l, id, assurance.Advanced, "")
	if who.Session.Only != "bank" {
		t.Fatal("not alone")
	}
	for name, c := range map[string]struct {
		l           login.Login
		mine, token string
		want        login.Refusal
	}{
		"another service by its token":      {h.begin(plain), "", who.Token.Reveal(), login.Stale},
		"another service by its session":    {h.begin(plain), who.Session.ID, "", login.Stale},
		"the same service in another login": {h.begin(at("bank")), who.Session.ID, "", login.Stale},
		"its own":                           {l, who.Session.ID, "", login.None},
	} {
		if _, refusal, err := h.complete(c.l, c.mine, c.token); refusal != c.want || err != nil {
			t.Errorf("%s: %q, %v", name, refusal, err)
		}
	}
}

func TestASessionDies(t *testing.T) {
	for name, c := range map[string]struct {
		after func(h *house, session, token string)
		alive bool
	}{
		"used within the hour": {func(h *house, _, token string) {
			for range 3 {
				h.now = h.now.Add(59 * time.Minute)
				h.complete(h.begin(plain), "", token)
			}
		}, true},
		"idle for an hour": {func(h *house, _, _ string) { h.now = h.now.Add(time.Hour) }, false},
		"at its ceiling, however used": {func(h *house, _, token string) {
			for range 9 {
				h.now = h.now.Add(55 * time.Minute)
				h.complete(h.begin(plain), "", token)
			}
		}, false},
		"logged out": {func(h *house, session, _ string) { h.end(session) }, false},
		"the database forgot": {func(h *house, _, _ string) {
			h.db.Do(h.t.Context(), func(ctx context.Context) error { _, err := h.db.RaiseEpoch(ctx); return err })
		}, false},
	} {
		h := open(t)
		_, token, session := h.carmen(assurance.Advanced)
		c.after(h, session, token)
		if alive := h.alive(session); alive != c.alive {
			t.Errorf("%s: alive %v", name, alive)
		}
		_, refusal, err := h.complete(h.begin(plain), "", token)
		if (refusal == login.None) != c.alive || err != nil {
			t.Errorf("%s: %q, %v", name, refusal, err)
		}
	}
}

// The session's token changes at each proof: who fixed or saw an earlier one holds nothing.
func TestRule17TheTokenChanges(t *testing.T) {
	h := open(t)
	id, old, session := h.carmen(assurance.Advanced)
	l := h.begin(func(r *login.Request) { r.ForceAuthn = true })
	who := h.signIn(l, id, assurance.Advanced, old)
	if who.Session.ID != session || who.Token.Reveal() == old {
		t.Error("another session, or the same token")
	}
	if _, live, _ := h.Browsing(t.Context(), old); live {
		t.Error("the old token lives")
	}
	if _, refusal, err := h.complete(l, who.Session.ID, ""); refusal != login.None || err != nil {
		t.Errorf("%q, %v", refusal, err)
	}
}

// A browser's session is never handed to the next person, and a step-up names the same citizen (CVE-2025-12390).
func TestPast15SharedBrowser(t *testing.T) {
	h := open(t)
	carmen, token, session := h.carmen(assurance.Advanced)
	pedro := h.citizen("87654321X", assurance.Advanced)
	l := h.begin(func(r *login.Request) { r.ForceAuthn = true })
	if _, refusal, err := h.identify(l, h.proof(l, pedro, assurance.Advanced), token); refusal != login.Other || err != nil {
		t.Fatalf("%q, %v", refusal, err)
	}
	if s, live, _ := h.Browsing(t.Context(), token); !live || s.Citizen != carmen || len(s.Held) != 1 || s.Held[0].Login == l.ID {
		t.Error("the session changed")
	}
	if _, refusal, _ := h.complete(l, "", token); refusal != login.Stale {
		t.Errorf("%q", refusal)
	}
	h.end(session)
	who := h.signIn(l, pedro, assurance.Advanced, token)
	if who.Session.ID == session || who.Session.Citizen != pedro {
		t.Error("the next person got the session of the one before")
	}
}

// A raised registration is asked for again: what the session holds was proven before.
func TestStepUpAsksAnew(t *testing.T) {
	h := open(t)
	id, token, session := h.carmen(assurance.Basic)
	l := h.begin(at("strict"))
	if o, live, err := h.Offer(t.Context(), l, "", token); err != nil || !live || o.Held.Level != 0 || !o.Beyond {
		t.Errorf("a basic registration: %+v, %v, %v", o.Held, live, err)
	}
	c, _, err := h.db.Citizen(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	c.Proofing, c.PhoneBinding = assurance.Advanced, assurance.High
	if err := h.db.Do(t.Context(), func(ctx context.Context) error { return h.db.SaveCitizen(ctx, c) }); err != nil {
		t.Fatal(err)
	}
	if o, _, err := h.Offer(t.Context(), l, "", token); err != nil || o.Held.Level != 0 || o.Beyond {
		t.Errorf("raised: %+v, beyond %v, %v", o.Held, o.Beyond, err)
	}
	who := h.signIn(l, id, assurance.Advanced, token)
	if r, refusal, err := h.complete(l, who.Session.ID, ""); refusal != login.None || err != nil || r.Session != session || r.Level != assurance.Substantial {
		t.Errorf("%q, %v", refusal, err)
	}
}

// Each service of an ended session is owed the news, if it registered how.
func TestEndLeavesWhatIsOwed(t *testing.T) {
	h := open(t)
	_, token, session := h.carmen(assurance.Advanced)
	for _, c := range [][2]string{{"sede", "saml"}, {"tax", "oidc"}, {"silent", "saml"}} {
		h.complete(h.begin(func(r *login.Request) { r.Party, r.Protocol = c[0], c[1] }), "", token)
	}
	states := map[string]login.State{}
	for _, p := range h.end(session) {
		states[p.Party] = p.State
	}
	if states["sede"] != login.Owed || states["tax"] != login.Owed || states["silent"] != login.Unreachable || len(states) != 3 {
		t.Errorf("%v", states)
	}
	if again := h.end(session); again != nil {
		t.Errorf("ended twice: %v", again)
	}
	entries, _ := h.db.Audits(t.Context(), "", 50)
	ended := 0
	for _, e := range entries {
		if e.Event == audit.SessionEnded {
			ended++
		}
	}
	if ended != 1 {
		t.Errorf("recorded %d times", ended)
	}
}

// Entering a service again is the same participation: one name for the session, one notice at its end.
func TestAParticipationKeepsItsName(t *testing.T) {
	h := open(t)
	_, token, _ := h.carmen(assurance.Advanced)
	first, _, _ := h.complete(h.begin(at("tax")), "", token)
	second, _, err := h.complete(h.begin(at("tax")), "", token)
	if err != nil || first.Participation == "" || first.Participation != second.Participation {
		t.Errorf("%q, then %q, %v", first.Participation, second.Participation, err)
	}
}

// A browser never seen before is told of by the mailbox; a known one is not.
func TestANewBrowserIsTold(t *testing.T) {
	h := open(t)
	id := h.citizen("12345678Z", assurance.Advanced)
	for i, arrival := range []login.Arrival{{Visitor: here, New: true}, {Visitor: here}} {
		l := h.begin(plain)
		err := h.db.Do(t.Context(), func(ctx context.Context) error {
			_, _, err := h.Identify(ctx, l, h.proof(l, id, assurance.Advanced), arrival)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var sms []notify.Message
		err = h.db.Do(t.Context(), func(ctx context.Context) (err error) {
			sms, err = h.db.ClaimMessages(ctx, notify.SMS, h.now, 10) // she gave no e-mail address
			return err
		})
		if err != nil || len(sms) != 1-i || i == 0 && sms[0].Kind != notify.NewBrowserSMS {
			t.Errorf("%d messages, %v", len(sms), err)
		}
	}
}

// Nobody who was frozen meanwhile goes on with what they proved before.
func TestFrozenGoesNoFurther(t *testing.T) {
	h := open(t)
	id, token, _ := h.carmen(assurance.Advanced)
	c, _, _ := h.db.Citizen(t.Context(), id)
	c.Frozen = true
	if err := h.db.Do(t.Context(), func(ctx context.Context) error { return h.db.SaveCitizen(ctx, c) }); err != nil {
		t.Fatal(err)
	}
	if _, refusal, err := h.complete(h.begin(plain), "", token); refusal != login.Stale || err != nil {
		t.Errorf("%q, %v", refusal, err)
	}
}

// Who read one name enters under no other: what the page showed is what is spent, or nothing is.
func TestRule17WhatWasSeenIsWhatIsSpent(t *testing.T) {
	h := open(t)
	_, token, session := h.carmen(assurance.Advanced)
	l := h.begin(plain)
	shown, _, err := h.Offer(t.Context(), l, "", token)
	if err != nil {
		t.Fatal(err)
	}
	h.end(session)
	pedro := h.signIn(h.begin(plain), h.citizen("87654321X", assurance.Advanced), assurance.Advanced, token)
	other := h.begin(plain)
	elsewhere, _, _ := h.Offer(t.Context(), other, "", pedro.Token.Reveal())
	for name, seen := range map[string]string{"another person": shown.Seen, "nothing": "", "the page of another login": elsewhere.Seen} {
		err := h.db.Do(t.Context(), func(ctx context.Context) error {
			_, refusal, err := h.Complete(ctx, l, login.Agreed{Token: pedro.Token.Reveal(), Seen: seen}, here)
			if refusal != login.Stale {
				t.Errorf("%s: %q", name, refusal)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if _, refusal, err := h.complete(l, "", pedro.Token.Reveal()); refusal != login.None || err != nil {
		t.Errorf("%q, %v", refusal, err)
	}
}

// Nobody was to be asked, so nobody can have agreed.
func TestPassiveIsNeverCompleted(t *testing.T) {
	h := open(t)
	_, token, _ := h.carmen(assurance.Advanced)
	if _, refusal, err := h.complete(h.begin(func(r *login.Request) { r.Passive = true }), "", token); refusal != login.NotAsked || err != nil {
		t.Errorf("%q, %v", refusal, err)
	}
}

// A service that expects somebody else learns nothing: no participation, no answer; it can still be told that nobody came.
func TestAnotherPersonThanExpected(t *testing.T) {
	h := open(t)
	_, token, session := h.carmen(assurance.Advanced)
	l := h.begin(plain)
	o, _, _ := h.Offer(t.Context(), l, "", token)
	err := h.db.Do(t.Context(), func(ctx context.Context) error {
		_, refusal, err := h.Complete(ctx, l, login.Agreed{Token: token, Seen: o.Seen, Mistaken: func(context.Context, string) (bool, error) { return true, nil }}, here)
		if refusal != login.Another {
			t.Errorf("%q", refusal)
		}
		return err
	})
	list, _ := h.db.Participations(t.Context(), session)
	if answered, _ := h.Answered(t.Context(), l); err != nil || answered || len(list) != 0 {
		t.Errorf("answered %v, %d services, %v", answered, len(list), err)
	}
}

// At a service that stays alone, the next person's identification ends that of the one before.
func TestPast15AloneIsNotHandedOn(t *testing.T) {
	h := open(t)
	first := h.signIn(h.begin(at("bank")), h.citizen("12345678Z", assurance.Advanced), assurance.Advanced, "")
	second := h.signIn(h.begin(at("bank")), h.citizen("87654321X", assurance.Advanced), assurance.Advanced, first.Token.Reveal())
	if h.alive(first.Session.ID) || !h.alive(second.Session.ID) || first.Session.ID == second.Session.ID {
		t.Error("the session of the one before lives, or was handed on")
	}
}
