// Package otp makes and checks a code sent to somebody who must prove that they got it: made once, sent once, tried a
// few times, used once, dead on time.
package otp

import (
	"context"
	"fmt"
	"strings"
	"time"

	"clave/internal/keyring"
	"clave/internal/secret"
)

// Purpose is what a code is good for. A code of one purpose never serves another.
type Purpose string

// The purposes.
const (
	SignIn       Purpose = "sign-in"
	ConfirmPhone Purpose = "confirm-phone"
	ConfirmEmail Purpose = "confirm-email"
)

// State is what became of a challenge.
type State string

// The states. Only an open challenge accepts a code; only a proven one can be spent.
const (
	Open   State = "open"
	Proven State = "proven" // the code was typed rightly
	Failed State = "failed" // it was typed wrongly too often
)

// Challenge is one code that somebody was sent. It belongs to one purpose, one flow (a login or an enrolment) and one
// browser; asking elsewhere never closes it.
type Challenge struct {
	ID      string
	Purpose Purpose
	Flow    string
	Browser secret.Hash // of the browser's nonce
	Subject secret.Hash // of the NIF, phone or e-mail address it is about
	Budget  string      // what its failures count against; see package pin
	Citizen string      // whom a right code proves; empty when no code is right
	Label   string      // the public four characters, repeated in the message
	Code    secret.Hash // the code itself is nowhere
	Message string      // the id of the message that carries it
	Tries   int         // counted so far
	Max     int
	Created time.Time
	Expires time.Time
	State   State
}

// Store keeps challenges. Every method but Challenge needs a unit of work.
type Store interface {
	AddChallenge(ctx context.Context, ch Challenge) error
	// TryChallenge counts one try, if the challenge belongs to that flow and browser, and returns it as it is then. The
	// bool is false when there is no such challenge. Two tries at once are counted one after the other.
	TryChallenge(ctx context.Context, id, flow string, browser secret.Hash) (Challenge, bool, error)
	SetChallengeState(ctx context.Context, id string, s State) error
	Challenge(ctx context.Context, id string) (Challenge, bool, error)
}

// Codes makes and checks challenges.
type Codes struct {
	Store Store
	Ring  *keyring.Ring
}

const (
	codeUse    keyring.Use = "otp.code"
	browserUse keyring.Use = "otp.browser"
)

// Order says what to make.
type Order struct {
	Purpose  Purpose
	Flow     string
	Browser  string // the nonce
	Subject  secret.Hash
	Budget   string
	Citizen  string
	Label    string
	Message  string
	Code     secret.Code
	Lifetime time.Duration
	Max      int

	// Dead makes a challenge that no code answers, for a stranger: the same row, the same work.
	Dead bool
}

// Issue makes a challenge and saves it.
func (c Codes) Issue(ctx context.Context, o Order, now time.Time) (Challenge, error) {
	ch := Challenge{
		ID:      secret.ID(now),
		Purpose: o.Purpose,
		Flow:    o.Flow,
		Browser: c.browser(o.Browser),
		Subject: o.Subject,
		Budget:  o.Budget,
		Citizen: o.Citizen,
		Label:   o.Label,
		Message: o.Message,
		Max:     o.Max,
		Created: now,
		Expires: now.Add(o.Lifetime),
		State:   Open,
	}
	code := o.Code
	if o.Dead {
		ch.Citizen, code = "", secret.Token()
	}
	ch.Code = c.hash(ch, code)
	if err := c.Store.AddChallenge(ctx, ch); err != nil {
		return Challenge{}, fmt.Errorf("save challenge: %w", err)
	}
	return ch, nil
}

// Verdict is the answer to a try. It is a value and not an error, so that the transaction that counted the try commits.
type Verdict string

// The verdicts.
const (
	Right   Verdict = "right"
	Wrong   Verdict = "wrong"
	Spent   Verdict = "spent"   // no tries left, or used before
	Late    Verdict = "late"    // its time is over
	Foreign Verdict = "foreign" // not of this flow and browser
)

// Try counts one try and then compares (GHSA-7h8m-vrxx-vr4m). A right code closes the challenge as Proven; the last
// wrong one closes it as Failed.
func (c Codes) Try(ctx context.Context, id, flow, browser string, typed secret.Code, now time.Time) (Challenge, Verdict, error) {
	ch, ok, err := c.Store.TryChallenge(ctx, id, flow, c.browser(browser))
	if err != nil || !ok {
		return Challenge{}, Foreign, err
	}
	verdict := c.judge(ch, typed, now)
	switch {
	case verdict == Right:
		ch.State = Proven
	case verdict == Wrong && ch.Tries >= ch.Max:
		ch.State = Failed
	default:
		return ch, verdict, nil
	}
	if err := c.Store.SetChallengeState(ctx, ch.ID, ch.State); err != nil {
		return Challenge{}, verdict, fmt.Errorf("close challenge: %w", err)
	}
	return ch, verdict, nil
}

// Left is how many tries a challenge still has.
func (ch Challenge) Left() int { return max(0, ch.Max-ch.Tries) }

func (c Codes) judge(ch Challenge, typed secret.Code, now time.Time) Verdict {
	switch {
	case ch.State != Open || ch.Tries > ch.Max:
		return Spent
	case !now.Before(ch.Expires):
		return Late
	case !c.hash(ch, Normal(typed)).Equal(ch.Code):
		return Wrong
	default:
		return Right
	}
}

// Proven finds a challenge whose code was typed rightly in this flow and browser, so that a later step cannot be reached
// without it (CVE-2026-18963).
func (c Codes) Proven(ctx context.Context, id string, p Purpose, flow, browser string, subject secret.Hash) (bool, error) {
	ch, ok, err := c.Store.Challenge(ctx, id)
	if err != nil || !ok {
		return false, err
	}
	return ch.State == Proven && ch.Purpose == p && ch.Flow == flow &&
		ch.Browser.Equal(c.browser(browser)) && ch.Subject.Equal(subject), nil
}

// Normal takes what people type: spaces, hyphens and lower case do not matter.
func Normal(typed secret.Code) secret.Code {
	return secret.NewCode(strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(typed.Reveal())))
}

// hash binds the code to its challenge, purpose and flow.
func (c Codes) hash(ch Challenge, code secret.Code) secret.Hash {
	return c.Ring.Hash(codeUse, string(ch.Purpose), ch.ID, ch.Flow, code.Reveal())
}

func (c Codes) browser(nonce string) secret.Hash { return c.Ring.Hash(browserUse, nonce) }
