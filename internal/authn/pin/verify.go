package pin

import (
	"context"
	"time"

	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/otp"
	"clave/internal/secret"
)

// Try is a PIN that somebody typed.
type Try struct {
	Login     string
	Browser   string // the nonce
	Challenge string
	Typed     secret.Code
	Known     string // the browser's token: it is remembered as known when the PIN is right
	Party     string
	From      string
}

// Tried is the answer: a proof, or the reason why there is none. A refusal is a value and not an error, so that the
// transaction that counted the try commits.
type Tried struct {
	Proof   assurance.Proof // only when Verdict is otp.Right
	Verdict otp.Verdict
	Left    int           // tries left for this PIN
	Used    bool          // it was right before: sent twice by a double press
	New     bool          // the first right PIN of this person in this browser
	Wait    time.Duration // more than zero: too many wrong PINs; the PIN was not compared
}

// Verify counts the try, compares and mints the proof. It must run inside a unit of work; a PIN is used when that unit
// commits.
func (s *Service) Verify(ctx context.Context, t Try) (Tried, error) {
	now := s.Now()
	ch, verdict, err := s.codes().Try(ctx, t.Challenge, t.Login, t.Browser, t.Typed, now)
	if err != nil || verdict == otp.Foreign {
		return Tried{Verdict: verdict}, err
	}
	wait, err := s.count(ctx, ch, verdict, now)
	if err != nil || wait > 0 {
		return Tried{Verdict: otp.Spent, Wait: wait}, err
	}
	if verdict != otp.Right {
		used := verdict == otp.Spent && ch.State == otp.Proven
		return Tried{Verdict: verdict, Left: ch.Left(), Used: used}, s.refused(ctx, t, ch, string(verdict), now)
	}
	return s.accept(ctx, t, ch, now)
}

// count takes a wrong PIN from the budget of the person, and says whether that budget was used up before this try: then
// even a right PIN is refused.
func (s *Service) count(ctx context.Context, ch otp.Challenge, v otp.Verdict, now time.Time) (time.Duration, error) {
	key := s.Limits.Wrong.Key(s.Ring, ch.Budget)
	if v != otp.Wrong {
		if _, err := s.Store.LockHitTimes(ctx, key); err != nil { // wrong ones that are being counted are counted first
			return 0, err
		}
		return s.Limits.Wrong.Wait(ctx, s.Store, key, now)
	}
	s.Alarm.Note(ctx, now)
	if wait, err := s.Limits.Wrong.Take(ctx, s.Store, key, now); err != nil || wait > 0 {
		return wait, err
	}
	_, err := s.Limits.InARow.Take(ctx, s.Store, s.Limits.InARow.Key(s.Ring, ch.Budget), now)
	return 0, err
}

// accept reads the person again: they may have been frozen, have closed the method or lost their phone, since the PIN was sent.
func (s *Service) accept(ctx context.Context, t Try, ch otp.Challenge, now time.Time) (Tried, error) {
	c, found, err := s.Store.Citizen(ctx, ch.Citizen)
	if err != nil {
		return Tried{}, err
	}
	if !found || !c.May(assurance.PIN) || c.Phone.IsZero() || c.PhoneSince.After(ch.Created) {
		return Tried{Verdict: otp.Spent}, s.refused(ctx, t, ch, "changed since", now)
	}
	if err := s.Limits.InARow.Clear(ctx, s.Store, s.Limits.InARow.Key(s.Ring, ch.Budget)); err != nil {
		return Tried{}, err
	}
	first := false
	if t.Known != "" {
		if first, err = s.Store.AddKnownBrowser(ctx, s.Ring.Hash(browserUse, t.Known, string(ch.Subject)), c.ID, now); err != nil {
			return Tried{}, err
		}
	}
	return Tried{Verdict: otp.Right, New: first, Proof: assurance.Mint(assurance.Claim{
		Citizen: c.ID, Login: t.Login, Browser: t.Browser, Method: assurance.PIN,
		Proofing: c.Proofing, Binding: c.PhoneBinding, At: now,
	})}, nil
}

func (s *Service) refused(ctx context.Context, t Try, ch otp.Challenge, outcome string, now time.Time) error {
	return s.Store.AddAudit(ctx, audit.Entry{
		ID: secret.ID(now), At: now, Event: audit.PINRefused, Subject: ch.Subject, Citizen: ch.Citizen,
		Party: t.Party, Flow: t.Login, From: t.From, Outcome: outcome,
	})
}
