package courier

import (
	"errors"
	"fmt"
	"strings"

	"clave/internal/locale"
	"clave/internal/notify"
)

// Parcel is a message as a carrier takes it: written, addressed, ready.
type Parcel struct {
	ID      string // the same when a notice is repeated
	Kind    notify.Kind
	To      string // a phone in E.164, an e-mail address; empty for a letter
	Lang    string
	Subject string // of an e-mail; what a letter is
	Text    string // of an SMS or an e-mail
	PDF     []byte // of a letter
}

// ErrValue means that a message lacks a value that its text needs. The message itself is wrong: it is not sent.
var ErrValue = errors.New("courier: the message lacks a value")

// Write writes a message in its reader's language. It is pure: no store, no carrier.
func Write(m notify.Message) (Parcel, error) {
	for _, name := range m.Kind.Values() {
		if _, ok := m.Values[name]; !ok {
			return Parcel{}, fmt.Errorf("%w: %s of %s", ErrValue, name, m.Kind)
		}
	}
	lang := locale.Match(m.Lang)
	p := Parcel{ID: m.ID, Kind: m.Kind, To: m.To, Lang: lang.Code()}
	switch m.Kind.Channel() {
	case notify.SMS:
		p.Text = sms(lang, m)
		return p, nil
	case notify.Email:
		p.Subject, p.Text = email(lang, m)
		return p, nil
	case notify.Letter:
		return letter(lang, m, p)
	default:
		return Parcel{}, fmt.Errorf("courier: no channel carries %s", m.Kind)
	}
}

// sms fits one GSM-7 message: a second part costs twice and may arrive alone. What does not fit is cut from the service's
// name, never from the rest. There is no link in it, and its last line lets the phone fill the code in on our own pages
// only (the origin-bound one-time-code format).
func sms(lang locale.Lang, m notify.Message) string {
	v := m.Values
	switch m.Kind {
	case notify.PIN:
		write := func(service string) string {
			if v["label"] == "" {
				return lang.Text("sms.pin-own-code", "code", v["code"], "service", service) + autofill(v)
			}
			return lang.Text("sms.pin", "code", v["code"], "service", service, "label", v["label"]) + autofill(v)
		}
		return fit(write, v["service"])
	case notify.PhoneCode:
		return fold(lang.Text("sms.phone-code", "code", v["code"]) + autofill(v))
	default:
		return fold(lang.Text("sms.welcome", "host", v["host"]))
	}
}

func autofill(values map[string]string) string {
	return "\n\n@" + values["host"] + " #" + values["code"]
}

// fit shortens a name until what is written around it fits one message.
func fit(write func(name string) string, name string) string {
	runes := []rune(fold(name))
	text := fold(write(string(runes)))
	for len(runes) > 0 && Septets(text) > OneMessage {
		runes = runes[:len(runes)-1]
		text = fold(write(strings.TrimSpace(string(runes)) + "."))
	}
	return text
}

func email(lang locale.Lang, m notify.Message) (subject, text string) {
	v := m.Values
	switch m.Kind {
	case notify.EmailCode:
		return lang.Text("mail.code-subject"), lang.Text("mail.code", "code", v["code"])
	case notify.WelcomeEmail:
		return lang.Text("mail.welcome-subject"), lang.Text("mail.welcome", "name", v["name"], "url", v["url"])
	case notify.PhoneTaken:
		return lang.Text("mail.phone-taken-subject"), lang.Text("mail.phone-taken", "phone", v["phone"], "url", v["url"])
	case notify.AskedAgain:
		return lang.Text("mail.asked-again-subject"), lang.Text("mail.asked-again", "url", v["url"])
	default:
		return lang.Text("mail.phone-missing-subject"), lang.Text("mail.phone-missing", "url", v["url"])
	}
}
