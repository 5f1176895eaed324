// Package pin implements Cl@ve PIN: a short code, sent to the citizen's phone, that proves who they are once and within
// ten minutes.
//
// A person gives their NIF and a datum of their document (Ask), gets a four-character label on the page and the PIN by
// SMS, and types the PIN (Verify). Whoever is not registered, gives a wrong datum, is frozen or has lost their phone
// walks the same road, with a challenge that no code answers and a message that nobody gets: the page tells no one who is
// enrolled.
//
// Sources: Resolution of 14 December 2015 (BOE-A-2015-14215) and Order PRE/1838/2014 for ten minutes, one use and the
// label; the six digits are ours, the classic three symbols a setting.
package pin

import (
	"context"
	"fmt"
	"time"

	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/keyring"
	"clave/internal/notify"
	"clave/internal/otp"
	"clave/internal/person"
	"clave/internal/secret"
	"clave/internal/throttle"
)

// Store is what the rules keep. Every method joins the unit of work of its context.
type Store interface {
	otp.Store
	throttle.Store
	citizen.Store
	Do(ctx context.Context, unit func(ctx context.Context) error) error
	AddMessage(ctx context.Context, m notify.Message) error
	AddAudit(ctx context.Context, e audit.Entry) error
	// KnownBrowser tells whether somebody signed in before from the browser that a hash stands for.
	KnownBrowser(ctx context.Context, browser secret.Hash) (bool, error)
	// AddKnownBrowser remembers it. The bool is false when it was known.
	AddKnownBrowser(ctx context.Context, browser secret.Hash, citizen string, now time.Time) (bool, error)
	// MessageState is what became of a message.
	MessageState(ctx context.Context, id string) (notify.State, error)
}

// Style is how a PIN looks.
type Style string

// The styles.
const (
	SixDigits Style = "six-digits" // the default: a phone can fill it in
	Classic   Style = "classic"    // three of 32 symbols: letters without Ñ, I, L, O… and the digits 2 to 7
)

// Draw makes a PIN of the style.
func (s Style) Draw() secret.Code {
	if s == Classic {
		return secret.Draw(classicSymbols, 3)
	}
	return secret.Digits(6)
}

const (
	classicSymbols = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	labelSymbols   = "ABCDEFGHJKMNPQRSTUVWXYZ23456789" // none that are read as another
)

// Limits bounds tries and requests. They are counted apart for each browser that signed in before and for all others
// together, so that a stranger who uses up the second never locks a person out of their own browser.
type Limits struct {
	Lifetime time.Duration  // of a PIN
	Tries    int            // per PIN
	Asked    throttle.Limit // PINs asked for from browsers not known
	Often    throttle.Limit // and from one where the person signed in before
	Wrong    throttle.Limit
	InARow   throttle.Limit // failures since the last success: closes PIN for browsers not known
	Census   time.Duration  // how long the register may take to answer
}

// DefaultLimits are those of the security guide. A weaker value is logged at start.
func DefaultLimits() Limits {
	return Limits{
		Lifetime: 10 * time.Minute,
		Tries:    3,
		Asked:    throttle.Limit{Name: "pin-asked", Count: 3, Per: time.Hour},
		Often:    throttle.Limit{Name: "pin-asked-known", Count: 20, Per: time.Hour},
		Wrong:    throttle.Limit{Name: "pin-wrong", Count: 10, Per: 24 * time.Hour},
		InARow:   throttle.Limit{Name: "pin-in-a-row", Count: 100},
		Census:   2 * time.Second,
	}
}

// Service is Cl@ve PIN.
type Service struct {
	Store  Store
	Ring   *keyring.Ring
	Census person.Census
	Limits Limits
	Style  Style
	Host   string          // our public host name, named in the SMS
	Origin string          // our public address, for e-mails
	Alarm  *throttle.Alarm // rings when many people's data or PINs are wrong at once; may be nil
	Now    func() time.Time
}

// Status is what became of the SMS of a challenge, asked from the browser it belongs to. A stranger's decoy goes through
// the same states.
func (s *Service) Status(ctx context.Context, challenge string) (notify.State, error) {
	ch, ok, err := s.Store.Challenge(ctx, challenge)
	if err != nil || !ok {
		return notify.Queued, err
	}
	state, err := s.Store.MessageState(ctx, ch.Message)
	if err != nil {
		return "", fmt.Errorf("state of the message: %w", err)
	}
	return state, nil
}

const (
	browserUse keyring.Use = "known-browser"
	budgetUse  keyring.Use = "pin-budget"
)

// others is the scope of every browser that did not sign in before.
const others = ""

// scope is the budget that a browser spends from: its own when it signed in before as this person, the common one
// otherwise.
func (s *Service) scope(ctx context.Context, token string, subject secret.Hash) (string, error) {
	if token == "" {
		return others, nil
	}
	browser := s.Ring.Hash(browserUse, token, string(subject))
	known, err := s.Store.KnownBrowser(ctx, browser)
	if err != nil || !known {
		return others, err
	}
	return string(browser), nil
}

func (s *Service) codes() otp.Codes { return otp.Codes{Store: s.Store, Ring: s.Ring} }
