// Package notify holds the messages we owe people: what kind, in which language, with which values. They are saved with
// the change that owes them; package courier writes them out and carries them.
package notify

import (
	"time"
)

// Channel is a way to reach somebody.
type Channel string

// The channels.
const (
	SMS    Channel = "sms"
	Email  Channel = "email"
	Letter Channel = "letter"
)

// Kind says what a message is about; it picks the text, the channel and the promise.
type Kind string

// The kinds of message. Values lists, for each, the names that Message.Values must hold.
const (
	PIN            Kind = "pin"             // the code of Cl@ve PIN, to the phone
	PhoneCode      Kind = "phone-code"      // proves a phone number
	EmailCode      Kind = "email-code"      // proves an e-mail address
	Invitation     Kind = "invitation"      // the letter with the CSV
	WelcomeSMS     Kind = "welcome-sms"     // you are registered
	WelcomeEmail   Kind = "welcome-email"   // the same, by e-mail
	RegisteredPost Kind = "registered-post" // the same, by letter, with the code that freezes the registration
	PhoneTaken     Kind = "phone-taken"     // your number passed to another person, to the e-mail address
	AskedAgain     Kind = "asked-again"     // somebody asked for a letter for you, who are registered already
	PhoneMissing   Kind = "phone-missing"   // a PIN was asked for, and you have no phone any more
	HelpAsked      Kind = "help-asked"      // a person's question, to the help desk's mailbox
	Confirmation   Kind = "confirmation"    // a service asks you to confirm something on our own page
	NewBrowser     Kind = "new-browser"     // somebody identified themselves as you in a browser never seen before, by e-mail
	NewBrowserSMS  Kind = "new-browser-sms" // the same, to those without an e-mail address
	NotMe          Kind = "not-me"          // you told us that it was not you: what we closed, and what next, by e-mail
	NotMeSMS       Kind = "not-me-sms"      // the same, to the phone
	PINBlocked     Kind = "pin-blocked"     // a PIN was asked for, and you had closed that method, by e-mail
	PINBlockedSMS  Kind = "pin-blocked-sms" // the same, to those without an e-mail address
)

type trait struct {
	channel Channel
	once    bool
	values  []string
}

var traits = map[Kind]trait{
	PIN:            {SMS, true, []string{"code", "label", "service", "host"}},
	PhoneCode:      {SMS, true, []string{"code", "host"}},
	EmailCode:      {Email, true, []string{"code"}},
	Invitation:     {Letter, false, []string{"name", "address", "csv", "reference", "url", "expires"}},
	WelcomeSMS:     {SMS, false, []string{"host"}},
	WelcomeEmail:   {Email, false, []string{"name", "url"}},
	RegisteredPost: {Letter, false, []string{"name", "address", "freeze", "url", "phone", "date"}},
	PhoneTaken:     {Email, false, []string{"phone", "url"}},
	AskedAgain:     {Email, false, []string{"url"}},
	PhoneMissing:   {Email, false, []string{"url"}},
	HelpAsked:      {Email, false, []string{"reply", "text", "reference", "problem", "page", "lang"}},
	Confirmation:   {SMS, false, []string{"service", "host"}},
	NewBrowser:     {Email, false, []string{"service", "url"}},
	NewBrowserSMS:  {SMS, false, []string{"service", "host"}},
	NotMe:          {Email, false, []string{"url"}},
	NotMeSMS:       {SMS, false, []string{"host"}},
	PINBlocked:     {Email, false, []string{"service", "url"}},
	PINBlockedSMS:  {SMS, false, []string{"service", "host"}},
}

// Kinds lists every kind of message.
func Kinds() []Kind {
	kinds := make([]Kind, 0, len(traits))
	for k := range traits {
		kinds = append(kinds, k)
	}
	return kinds
}

// Channel is how a message of this kind travels.
func (k Kind) Channel() Channel { return traits[k].channel }

// Once tells whether a message carries a code: it is then sent at most once, and not at all when it is too late to be
// useful. Every other message arrives at least once.
func (k Kind) Once() bool { return traits[k].once }

// Values are the names that a message of this kind must carry.
func (k Kind) Values() []string { return traits[k].values }

// Message is one message owed to somebody. To and Values are sealed at rest and wiped in a final state.
type Message struct {
	ID      string // made by secret.ID; a repeat of a notice carries the same
	Kind    Kind
	To      string            // a phone in E.164, an e-mail address; empty for a letter, whose address is a value
	Lang    string            // the reader's language
	Values  map[string]string // what the text needs: see Kind.Values
	Created time.Time
	Until   time.Time // of no use after this moment

	// Decoy marks a message to nobody. It goes through the states of a real one, with the delays of real ones, so that
	// whoever watches learns nothing about who is registered.
	Decoy bool
}

// State is what became of a message.
type State string

// The states. Delivered, Refused, Lost and Expired are final: the body is wiped.
const (
	Queued    State = "queued"    // saved, not yet handed to a carrier
	Sending   State = "sending"   // claimed: the carrier may have it already
	Accepted  State = "accepted"  // the carrier has it
	Delivered State = "delivered" // the carrier says that it arrived; of a letter: it was posted
	Refused   State = "refused"   // the carrier says that it cannot arrive
	Lost      State = "lost"      // nobody knows; a code is not sent again
	Expired   State = "expired"   // it was too late to be of use, and not sent
)

// Final tells whether nothing more will become of the message.
func (s State) Final() bool {
	return s == Delivered || s == Refused || s == Lost || s == Expired
}
