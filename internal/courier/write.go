package courier

import (
	"errors"
	"fmt"
	"time"

	"clave/internal/locale"
	"clave/internal/notify"
)

// Parcel is a message as a carrier takes it: written, addressed, ready.
type Parcel struct {
	ID      string // the same when a notice is repeated
	Kind    notify.Kind
	To      string // a phone in E.164, an e-mail address; empty for a letter
	ReplyTo string // an e-mail address that a reader's answer goes to; empty when it is ours
	Lang    string
	Subject string    // of an e-mail; what a letter is
	Text    string    // of an SMS or an e-mail
	PDF     []byte    // of a letter
	Until   time.Time // of no use after this moment
}

// ErrValue means that a message cannot be written: it lacks a value that its text needs, or nobody knows its kind. The
// message itself is wrong: it is not sent.
var ErrValue = errors.New("courier: the message cannot be written")

// Write writes a message in its reader's language. It is pure: no store, no carrier. Errors: ErrValue.
func Write(m notify.Message) (Parcel, error) {
	for _, name := range m.Kind.Values() {
		if m.Values[name] == "" && name != "label" { // a label that the person chose is not repeated
			return Parcel{}, fmt.Errorf("%w: %s of %s", ErrValue, name, m.Kind)
		}
	}
	lang := locale.Match(m.Lang)
	p := Parcel{ID: m.ID, Kind: m.Kind, To: m.To, Lang: lang.Code(), Until: m.Until}
	if text, ok := shorts[m.Kind]; ok {
		p.Text = text(lang, m.Values)
		return p, nil
	}
	if e, ok := mails[m.Kind]; ok {
		p.Subject, p.Text = lang.Text(e.subject), lang.Text(e.text, pairs(m)...)
		return p, nil
	}
	if m.Kind == notify.HelpAsked {
		return question(p, lang, m.Values)
	}
	if l, ok := letters[m.Kind]; ok {
		var err error
		p.Subject = lang.Text(l.title)
		p.PDF, err = l.write(lang, m)
		return p, err
	}
	return Parcel{}, fmt.Errorf("%w: nothing is written of kind %q", ErrValue, m.Kind)
}

// mails are the texts of each e-mail.
var mails = map[notify.Kind]struct{ subject, text locale.Key }{
	notify.EmailCode:    {"mail.code-subject", "mail.code"},
	notify.WelcomeEmail: {"mail.welcome-subject", "mail.welcome"},
	notify.PhoneTaken:   {"mail.phone-taken-subject", "mail.phone-taken"},
	notify.AskedAgain:   {"mail.asked-again-subject", "mail.asked-again"},
	notify.PhoneMissing: {"mail.phone-missing-subject", "mail.phone-missing"},
	notify.NewBrowser:   {"mail.new-browser-subject", "mail.new-browser"},
	notify.NotMe:        {"mail.not-me-subject", "mail.not-me"},
	notify.PINBlocked:   {"mail.pin-blocked-subject", "mail.pin-blocked"},
}

// pairs are the values of a message, as a text takes them.
func pairs(m notify.Message) (args []any) {
	for _, name := range m.Kind.Values() {
		args = append(args, name, m.Values[name])
	}
	return args
}
