// Package enrolment proves who a person is and registers them.
//
// By invitation letter: a person asks for a letter (AskLetter), which goes to the domicile that the State knows;
// with its code and a datum of their document (OpenLetter) they give a phone and an e-mail address, prove both
// (AskContact, ProveContact) and register (Register). Such a registration is basic. Nothing on the way tells a stranger
// whether somebody is registered, listed, a minor, or has an expired document that they cannot show a datum of.
//
// Sources: Order PRE/1838/2014, Resolution of 14 December 2015 (BOE-A-2015-14215).
package enrolment

import (
	"context"
	"time"

	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/keyring"
	"clave/internal/nif"
	"clave/internal/notify"
	"clave/internal/otp"
	"clave/internal/person"
	"clave/internal/secret"
	"clave/internal/throttle"
)

// Letter is an invitation letter. The letter of a stranger is a row like any other, whose code nobody knows.
type Letter struct {
	ID        string
	Reference secret.Hash // of the reference given to whoever asked
	Subject   secret.Hash // of the NIF
	CSV       secret.Hash // of the code on the letter, bound to the NIF
	Message   string      // the id of the message that carries it
	Asked     time.Time
	Expires   time.Time
	Used      time.Time // zero until somebody registered with it
	UsedBy    string    // the enrolment that used it
}

// Store is what the rules keep. The changing methods join the unit of work of their context.
type Store interface {
	otp.Store
	throttle.Store
	citizen.Store
	Do(ctx context.Context, unit func(ctx context.Context) error) error
	AddMessage(ctx context.Context, m notify.Message) error
	MessageState(ctx context.Context, id string) (notify.State, error)
	AddAudit(ctx context.Context, e audit.Entry) error

	AddLetter(ctx context.Context, l Letter) error
	// Letter, LetterByCSV and LetterByReference find one; the bool tells whether there is one.
	Letter(ctx context.Context, id string) (Letter, bool, error)
	LetterByCSV(ctx context.Context, csv secret.Hash) (Letter, bool, error)
	LetterByReference(ctx context.Context, reference secret.Hash) (Letter, bool, error)
	// UseLetter marks it as used by an enrolment; the bool is false when it was used already.
	UseLetter(ctx context.Context, id, flow string, now time.Time) (bool, error)

	// AddFreeze saves the hash of a code that freezes a citizen; TakeFreeze finds whom it freezes and forgets it.
	AddFreeze(ctx context.Context, code secret.Hash, citizen string) error
	TakeFreeze(ctx context.Context, code secret.Hash) (citizen string, ok bool, err error)
}

// The addresses that letters name, below our origin. A letter's QR carries its code in the fragment, which a browser never
// sends to a server.
const (
	OpenPath   = "/register/open" // where the code of an invitation letter is typed
	FreezePath = "/freeze"        // where the code of the letter that tells of a registration is typed
)

// Limits bounds letters, codes and tries.
type Limits struct {
	LetterLife time.Duration  // of a letter's code
	Letters    throttle.Limit // asked for, per NIF and datum
	CSV        throttle.Limit // wrong codes, per NIF
	CodeLife   time.Duration  // of a code sent to a phone or e-mail address
	CodeTries  int
	Codes      throttle.Limit // sent to one phone or e-mail address
	Letter     throttle.Limit // sent with one letter, however often it is opened
	Abroad     throttle.Limit // sent to one foreign country
	Takeover   throttle.Limit // of one phone number
	Age        int            // years; a younger person registers at an office, with a guardian
	Census     time.Duration  // how long the register may take to answer
}

// DefaultLimits are those of the security guide. A weaker value is logged at start.
func DefaultLimits() Limits {
	const day = 24 * time.Hour
	return Limits{
		LetterLife: 60 * day,
		Letters:    throttle.Limit{Name: "letters", Count: 2, Per: 30 * day},
		CSV:        throttle.Limit{Name: "csv-wrong", Count: 5, Per: 30 * day},
		CodeLife:   10 * time.Minute,
		CodeTries:  3,
		Codes:      throttle.Limit{Name: "contact-codes", Count: 5, Per: day},
		Letter:     throttle.Limit{Name: "letter-codes", Count: 10, Per: day},
		Abroad:     throttle.Limit{Name: "sms-abroad", Count: 200, Per: time.Hour},
		Takeover:   throttle.Limit{Name: "takeover", Count: 1, Per: 30 * day},
		Age:        18,
		Census:     2 * time.Second,
	}
}

// Service registers people.
type Service struct {
	Store  Store
	Ring   *keyring.Ring
	Census person.Census
	Limits Limits
	Origin string          // our public address, for example "https://clave.example", for letters and messages
	Host   string          // its host name, for SMS
	Alarm  *throttle.Alarm // rings when many people's data or codes are wrong at once; may be nil
	Now    func() time.Time
}

const (
	csvUse       keyring.Use = "letter.csv"
	referenceUse keyring.Use = "letter.reference"
	freezeUse    keyring.Use = "freeze"
	contactUse   keyring.Use = "contact"
	pairUse      keyring.Use = "nif-and-datum"
	codeUse      keyring.Use = "activation"
)

// csvSymbols are the digits and capitals of a letter's code (RD 203/2021, article 21), but none that is read as another.
const csvSymbols = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

// lookUp asks the register. The bool tells whether it answered.
func (s *Service) lookUp(ctx context.Context, n nif.NIF, d nif.Datum) (person.Answer, bool) {
	return person.Look(ctx, s.Census, s.Limits.Census, n, d)
}

// blocked counts a wrong datum, and tells whether there were too many.
func (s *Service) blocked(ctx context.Context, subject secret.Hash, v person.Verdict, now time.Time) (bool, error) {
	wrong := v != person.Matches
	if wrong {
		s.Alarm.Note(ctx, now)
	}
	return citizen.CountDatum(ctx, s.Store, s.Ring, subject, "", wrong, now)
}

func (s *Service) codes() otp.Codes { return otp.Codes{Store: s.Store, Ring: s.Ring} }

// record saves an entry; the caller fills in what it knows.
func (s *Service) record(ctx context.Context, e audit.Entry) error {
	e.At = s.Now()
	e.ID = secret.ID(e.At)
	return s.Store.AddAudit(ctx, e)
}
