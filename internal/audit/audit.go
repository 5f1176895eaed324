// Package audit is the record of who did what, when and from where. An entry is saved in the same transaction as the
// change it tells of, so that there is no change without its record.
package audit

import (
	"time"

	"clave/internal/keyring"
	"clave/internal/nif"
	"clave/internal/secret"
)

const subjectUse keyring.Use = "subject"

// Subject is the keyed hash by which the rows about a person are found, registered or not.
func Subject(ring *keyring.Ring, n nif.NIF) secret.Hash { return ring.Hash(subjectUse, n.String()) }

// Event names what happened: noun, dot, past participle.
type Event string

// The events.
const (
	LetterAsked       Event = "letter.asked"
	LetterOpened      Event = "letter.opened"  // its CSV was typed rightly
	LetterRefused     Event = "letter.refused" // it was typed wrongly, late, or too often
	ContactAsked      Event = "contact.asked"  // a code was sent to a phone or an e-mail address
	ContactProven     Event = "contact.proven" // and typed back
	CitizenRegistered Event = "citizen.registered"
	HelpAsked         Event = "help.asked"     // a question went to the help desk
	CitizenFrozen     Event = "citizen.frozen" // by the code of the letter that tells of a registration
	PhoneTaken        Event = "phone.taken"    // the number passed to another person
	PINAsked          Event = "pin.asked"
	PINRefused        Event = "pin.refused"

	ConfirmationAsked    Event = "confirmation.asked"
	ConfirmationGiven    Event = "confirmation.given"
	ConfirmationRefused  Event = "confirmation.refused"
	ConfirmationReported Event = "confirmation.reported" // "I did not ask for this": for the operator to look into
	ConfirmationFailed   Event = "confirmation.failed"   // an answer that was not taken
	ConfirmationUsed     Event = "confirmation.used"     // by the service, which then knows who it is

	LoginIdentified Event = "login.identified" // the browser's session holds a proof
	LoginCompleted  Event = "login.completed"  // a service was answered
	LoginCancelled  Event = "login.cancelled"
	LoginFailed     Event = "login.failed" // identified, but not as the service asked
	SessionEnded    Event = "session.ended"

	MethodBlocked Event = "method.blocked" // by the person, on their own pages: "this was not me"
	RecordCopied  Event = "record.copied"  // the person took a copy of all that is kept about them

	CitizenLanguage Event = "citizen.language" // the person chose in which language we write to them

	PartyAdded   Event = "party.added"
	PartyChanged Event = "party.changed" // the outcome names the fields
	PartyRemoved Event = "party.removed"
)

// Entry is one line of the record. Subject finds a person's entries by the keyed hash of their NIF, registered or
// not; everything that names somebody is sealed at rest.
type Entry struct {
	ID      string // made by secret.ID, so that entries sort by time
	At      time.Time
	Event   Event
	Subject secret.Hash // of the NIF; nil when nobody is named
	Citizen string      // the citizen's id, when registered
	Party   string      // the relying party's id, in a login
	Flow    string      // the login or enrolment it belongs to
	From    string      // the visitor's address
	Browser string      // what browser it was, coarsely: "Firefox, Android"; empty when it does not matter
	Outcome string      // in a word, for example "dead", "wrong", "expired"; empty when the event says it all
}

// Visitor is where somebody acts from.
type Visitor struct {
	Address string
	Browser string // what it is, coarsely: "Firefox, Android"
}
