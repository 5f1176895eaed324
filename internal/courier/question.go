package courier

import (
	"fmt"
	"strings"
	"unicode"

	"clave/internal/contact"
	"clave/internal/locale"
	"clave/internal/notify"
)

// question writes what somebody asks the help desk. A stranger typed all of it. The address to answer to is a value of the
// parcel, and must be an address: no line of it can become another header. The subject has one line. The text is quoted, so
// that no line of it looks like one of ours.
func question(p Parcel, lang locale.Lang, v map[string]string) (Parcel, error) {
	reply, err := contact.ParseEmail(v["reply"])
	if err != nil {
		return Parcel{}, fmt.Errorf("%w: reply of %s", ErrValue, notify.HelpAsked)
	}
	p.ReplyTo = reply.Reveal()
	p.Subject = lang.Text("mail.question-subject", "reference", oneLine(v["reference"]))
	p.Text = lang.Text("mail.question", "reply", p.ReplyTo, "reference", oneLine(v["reference"]), "problem", oneLine(v["problem"]),
		"page", oneLine(v["page"]), "lang", oneLine(v["lang"]), "text", quoted(v["text"]))
	return p, nil
}

// quoted marks each line of a text as somebody else's, without characters that no keyboard types on purpose.
func quoted(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ").Replace(text)
	text = strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return "> " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n> ")
}
