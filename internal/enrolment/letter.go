package enrolment

import (
	"context"
	"strings"
	"time"

	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/otp"
	"clave/internal/person"
	"clave/internal/secret"
	"clave/internal/throttle"
)

// LetterRequest asks for an invitation letter.
type LetterRequest struct {
	NIF   nif.NIF
	Datum nif.Datum
	Lang  string
	From  string // the visitor's address
}

// LetterAnswer is the same for everybody, but for whoever shows the datum of an expired document.
type LetterAnswer struct {
	Reference secret.Code   // lets whoever asked see what became of the letter
	Wait      time.Duration // more than zero: two were asked for with these data, no other is made
	Expired   bool          // the datum is right, but the document is no longer valid
	Down      bool          // the register did not answer: nothing was counted, ask again
}

// AskLetter owes a letter to the domicile in the register, or a row that looks like it.
func (s *Service) AskLetter(ctx context.Context, r LetterRequest) (LetterAnswer, error) {
	answer, answered := s.lookUp(ctx, r.NIF, r.Datum)
	if !answered {
		return LetterAnswer{Down: true}, nil
	}
	var out LetterAnswer
	err := s.Store.Do(ctx, func(ctx context.Context) (err error) {
		out = LetterAnswer{}
		now, subject := s.Now(), audit.Subject(s.Ring, r.NIF)
		pair := s.Ring.Hash(pairUse, string(subject), r.Datum.Reveal())
		place := throttle.Network(r.From) // what was asked for elsewhere is not told here: it would tell that the datum is right
		out.Wait, err = s.Limits.Letters.Take(ctx, s.Store, s.Limits.Letters.Key(s.Ring, string(pair), place), now)
		if err != nil || out.Wait > 0 {
			return err
		}
		elsewhere, err := s.Limits.Letters.Take(ctx, s.Store, s.Limits.Letters.Key(s.Ring, string(pair)), now)
		if err != nil {
			return err
		}
		why, c, err := s.unfit(ctx, r, subject, answer, now)
		if err != nil {
			return err
		}
		if elsewhere > 0 && (why == "" || why == registered) { // no e-mail either
			why = tooOften
		}
		entry := audit.Entry{Event: audit.LetterAsked, Subject: subject, From: r.From, Outcome: why}
		if out.Expired = why == documentExpired; out.Expired {
			return s.record(ctx, entry)
		}
		if why == registered {
			if err := s.askedAgain(ctx, c, now); err != nil {
				return err
			}
		}
		if out.Reference, err = s.letter(ctx, r, subject, answer.Person, why != "", now); err != nil {
			return err
		}
		return s.record(ctx, entry)
	})
	return out, err
}

// Why no letter goes out. Only documentExpired shows, and only to whoever knows the document's datum.
const (
	tooManyData     = "too many wrong data"
	wrongDatum      = "wrong datum"
	documentExpired = "document expired"
	minor           = "minor"
	registered      = "registered"
	tooOften        = "two letters asked for elsewhere"
)

func (s *Service) unfit(ctx context.Context, r LetterRequest, subject secret.Hash, a person.Answer, now time.Time) (string, citizen.Citizen, error) {
	c, found, err := s.Store.CitizenByNIF(ctx, r.NIF)
	if err != nil {
		return "", c, err
	}
	blocked, err := s.blocked(ctx, subject, a.Verdict, now)
	switch {
	case err != nil:
		return "", c, err
	case blocked:
		return tooManyData, c, nil
	case a.Verdict != person.Matches:
		return wrongDatum, c, nil
	case a.Person.Expired(now):
		return documentExpired, c, nil
	case a.Person.Younger(s.Limits.Age, now):
		return minor, c, nil
	case found:
		return registered, c, nil
	default:
		return "", c, nil
	}
}

// letter saves the letter and the message that carries it. A dead one has a code that nobody knows and a message to
// nobody, with values of the same shape.
func (s *Service) letter(ctx context.Context, r LetterRequest, subject secret.Hash, p person.Person, dead bool, now time.Time) (secret.Code, error) {
	reference, csv := secret.Draw(csvSymbols, 8), secret.Draw(csvSymbols, 16)
	l := Letter{
		ID: secret.ID(now), Reference: s.referenceHash(reference), Subject: subject, CSV: s.csvHash(r.NIF, csv),
		Message: secret.ID(now), Asked: now, Expires: now.Add(s.Limits.LetterLife),
	}
	m := notify.Message{
		ID: l.Message, Kind: notify.Invitation, Lang: r.Lang, Created: now, Until: l.Expires, Decoy: dead,
		Values: map[string]string{
			"name": p.Name(), "address": strings.Join(p.Address.Lines(), "\n"), "csv": csv.Reveal(),
			"reference": reference.Reveal(), "url": s.Origin, "expires": l.Expires.Format(time.DateOnly),
		},
	}
	if dead {
		l.CSV = s.csvHash(r.NIF, secret.Token())
		m.Values = map[string]string{}
	}
	if err := s.Store.AddLetter(ctx, l); err != nil {
		return secret.Code{}, err
	}
	return reference, s.Store.AddMessage(ctx, m)
}

// askedAgain tells a registered person, by the mailbox we already trust, what the page must not tell.
func (s *Service) askedAgain(ctx context.Context, c citizen.Citizen, now time.Time) error {
	return s.Store.AddMessage(ctx, notify.Message{
		ID: secret.ID(now), Kind: notify.AskedAgain, To: c.Email.Reveal(), Lang: c.Lang, Created: now,
		Until: now.Add(24 * time.Hour), Values: map[string]string{"url": s.Origin},
	})
}

// Stage is how far a letter has come.
type Stage string

// The stages. A stranger's letter goes as far as Posted, and expires.
const (
	ToPrint       Stage = "to-print"
	Printed       Stage = "printed"
	Posted        Stage = "posted"
	LetterUsed    Stage = "used"
	LetterExpired Stage = "expired"
)

// LetterView is what the reference shows.
type LetterView struct {
	Found   bool
	Stage   Stage
	Asked   time.Time
	Expires time.Time
}

// FollowLetter tells whoever holds the reference how far the letter has come. A reference names nobody, and one in some
// hundred billion is right: whoever guesses is slowed down by their address, and learns at most that a letter is on its way.
func (s *Service) FollowLetter(ctx context.Context, reference secret.Code) (LetterView, error) {
	l, found, err := s.Store.LetterByReference(ctx, s.referenceHash(otp.Normal(reference)))
	if err != nil || !found {
		return LetterView{}, err
	}
	state, err := s.Store.MessageState(ctx, l.Message)
	return LetterView{Found: true, Stage: l.stage(state, s.Now()), Asked: l.Asked, Expires: l.Expires}, err
}

func (l Letter) stage(s notify.State, now time.Time) Stage {
	switch {
	case !l.Used.IsZero():
		return LetterUsed
	case !now.Before(l.Expires):
		return LetterExpired
	case s == notify.Delivered:
		return Posted
	case s == notify.Accepted:
		return Printed
	default:
		return ToPrint
	}
}

func (s *Service) csvHash(n nif.NIF, csv secret.Code) secret.Hash {
	return s.Ring.Hash(csvUse, n.String(), csv.Reveal())
}

func (s *Service) referenceHash(r secret.Code) secret.Hash {
	return s.Ring.Hash(referenceUse, r.Reveal())
}
