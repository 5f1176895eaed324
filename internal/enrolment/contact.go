package enrolment

import (
	"context"
	"time"

	"clave/internal/audit"
	"clave/internal/contact"
	"clave/internal/notify"
	"clave/internal/otp"
	"clave/internal/secret"
	"clave/internal/throttle"
)

// ContactRequest asks for a code to prove a phone or an e-mail address; one of the two is set.
type ContactRequest struct {
	Flow    string // the enrolment's id
	Letter  string // the id of the letter that it opened
	Browser string // its nonce
	Phone   contact.Phone
	Email   contact.Email
	Lang    string
	From    string
}

// CodeSent is the answer.
type CodeSent struct {
	Challenge string
	Expires   time.Time
	Wait      time.Duration // more than zero: too many codes, nothing was sent
}

// AskContact sends a code to a phone or an e-mail address. Whose it is now does not matter yet: that shows only to
// whoever proves that they hold it.
func (s *Service) AskContact(ctx context.Context, r ContactRequest) (CodeSent, error) {
	var sent CodeSent
	err := s.Store.Do(ctx, func(ctx context.Context) (err error) {
		sent = CodeSent{}
		now := s.Now()
		if sent.Wait, err = s.contactWait(ctx, r, now); err != nil || sent.Wait > 0 {
			return err
		}
		code := secret.Digits(6)
		m := s.contactMessage(r, code, now)
		ch, err := s.codes().Issue(ctx, otp.Order{
			Purpose: r.purpose(), Flow: r.Flow, Browser: r.Browser, Subject: s.contactHash(r), Message: m.ID, Code: code,
			Lifetime: s.Limits.CodeLife, Max: s.Limits.CodeTries,
		}, now)
		if err != nil {
			return err
		}
		sent.Challenge, sent.Expires = ch.ID, ch.Expires
		if err := s.Store.AddMessage(ctx, m); err != nil {
			return err
		}
		return s.record(ctx, audit.Entry{Event: audit.ContactAsked, Flow: r.Flow, From: r.From, Outcome: string(ch.Purpose)})
	})
	return sent, err
}

// ProveContact counts a try of a code and compares it.
func (s *Service) ProveContact(ctx context.Context, r ContactRequest, challenge string, typed secret.Code) (v otp.Verdict, left int, err error) {
	err = s.Store.Do(ctx, func(ctx context.Context) error {
		ch, verdict, err := s.codes().Try(ctx, challenge, r.Flow, r.Browser, typed, s.Now())
		if err != nil {
			return err
		}
		v, left = verdict, ch.Left()
		if verdict == otp.Wrong {
			s.Alarm.Note(ctx, s.Now())
		}
		return s.record(ctx, audit.Entry{Event: audit.ContactProven, Flow: r.Flow, From: r.From, Outcome: string(verdict)})
	})
	return v, left, err
}

// contactWait takes the code from the budgets of the letter, of the address and, abroad, of its country, when none of
// them is used up.
func (s *Service) contactWait(ctx context.Context, r ContactRequest, now time.Time) (time.Duration, error) {
	budgets := []throttle.Budget{
		{Limit: s.Limits.Letter, Key: s.Limits.Letter.Key(s.Ring, r.Letter)},
		{Limit: s.Limits.Codes, Key: s.Limits.Codes.Key(s.Ring, string(s.contactHash(r)))},
	}
	if country := r.Phone.Country(); !r.Phone.IsZero() && country != "ES" {
		budgets = append(budgets, throttle.Budget{Limit: s.Limits.Abroad, Key: s.Limits.Abroad.Key(s.Ring, country)})
	}
	return throttle.TakeAll(ctx, s.Store, now, budgets...)
}

func (s *Service) contactMessage(r ContactRequest, code secret.Code, now time.Time) notify.Message {
	m := notify.Message{
		ID: secret.ID(now), Kind: notify.PhoneCode, To: r.Phone.Reveal(), Lang: r.Lang, Created: now, Until: now.Add(s.Limits.CodeLife),
		Values: map[string]string{"code": code.Reveal(), "host": s.Host},
	}
	if r.Phone.IsZero() {
		m.Kind, m.To = notify.EmailCode, r.Email.Reveal()
	}
	return m
}

func (r ContactRequest) purpose() otp.Purpose {
	if r.Phone.IsZero() {
		return otp.ConfirmEmail
	}
	return otp.ConfirmPhone
}

func (s *Service) contactHash(r ContactRequest) secret.Hash {
	if r.Phone.IsZero() {
		return s.Ring.Hash(contactUse, "email", r.Email.Reveal())
	}
	return s.Ring.Hash(contactUse, "phone", r.Phone.Reveal())
}
