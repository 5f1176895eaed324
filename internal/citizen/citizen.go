// Package citizen holds the registered person: who they are, how to reach them, and how they were registered.
package citizen

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"clave/internal/assurance"
	"clave/internal/contact"
	"clave/internal/keyring"
	"clave/internal/nif"
	"clave/internal/secret"
	"clave/internal/throttle"
)

// Citizen is a person who is registered.
type Citizen struct {
	ID            string
	NIF           nif.NIF
	GivenName     string
	FirstSurname  string
	SecondSurname string

	// Phone gets the codes. It is zero when the number passed to somebody else: the person stays registered, and must give
	// another number before they can use a method that needs one.
	Phone        contact.Phone
	PhoneBinding assurance.Level // the weakest proof ever used to bind or change the phone
	PhoneSince   time.Time

	Email      contact.Email
	Lang       string // the language of messages, for example "es"
	Proofing   assurance.Proofing
	Registered time.Time

	// Activation is the keyed hash of the activation code on the receipt. The code is evidence of the registration,
	// never a factor.
	Activation secret.Hash

	// Datum and Until are a sealed copy of what the census said at the last success, for when the census does not
	// answer.
	Datum nif.Datum
	Until time.Time

	// Frozen is set by the code of the letter that tells of a registration: nobody can identify themselves until an office
	// has looked into it.
	Frozen bool

	// Blocked are the methods that the person closed from their own pages, because somebody else had used one. Nothing that
	// comes to a phone or a mailbox opens it again.
	Blocked []assurance.Method
}

// May tells whether the person can identify themselves by a method, as far as nobody has closed it.
func (c Citizen) May(m assurance.Method) bool { return !c.Frozen && !slices.Contains(c.Blocked, m) }

// FamilyName is both surnames, one space between them.
func (c Citizen) FamilyName() string {
	return strings.TrimSpace(c.FirstSurname + " " + c.SecondSurname)
}

// Masked names the person to themselves, on a screen that others may see: "CARMEN E. E., ***4567**".
func (c Citizen) Masked() string {
	name := c.GivenName
	for _, surname := range []string{c.FirstSurname, c.SecondSurname} {
		if r, size := utf8.DecodeRuneInString(surname); size > 0 {
			name += " " + string(r) + "."
		}
	}
	return name + ", " + c.NIF.Masked()
}

// LogValue shows the id only.
func (c Citizen) LogValue() slog.Value { return slog.StringValue(c.ID) }

// ErrTaken means that the NIF or the phone already belongs to a citizen. Two registrations that race for one of them
// see it; one of them wins.
var ErrTaken = errors.New("citizen: the NIF or the phone is another citizen's")

// Store keeps citizens. The changing methods need a unit of work.
type Store interface {
	// CitizenByNIF, CitizenByPhone and Citizen find one; the bool tells whether there is one.
	CitizenByNIF(ctx context.Context, n nif.NIF) (Citizen, bool, error)
	CitizenByPhone(ctx context.Context, p contact.Phone) (Citizen, bool, error)
	Citizen(ctx context.Context, id string) (Citizen, bool, error)
	// AddCitizen saves a new one, SaveCitizen all fields of a known one. Errors: ErrTaken.
	AddCitizen(ctx context.Context, c Citizen) error
	SaveCitizen(ctx context.Context, c Citizen) error
}

// WrongData counts wrong document data of one NIF. All entrances share the counter, so that whoever guesses a datum gets
// ten tries a day and not ten at each door.
var WrongData = throttle.Limit{Name: "document-datum", Count: 10, Per: 24 * time.Hour}

// CountDatum counts a datum that was typed for a NIF, if it is wrong, and tells whether there were too many wrong ones
// before it. That is never said: an answer that differs after ten tries would tell which of them were right. The scope
// keeps the tries of a browser that signed in before apart; it is empty for all others.
func CountDatum(ctx context.Context, s throttle.Store, ring *keyring.Ring, subject secret.Hash, scope string, wrong bool, now time.Time) (tooMany bool, err error) {
	wait, err := WrongData.Watch(ctx, s, WrongData.Key(ring, string(subject), scope), wrong, now)
	return wait > 0, err
}
