package courier_test

import (
	"errors"
	"strings"
	"testing"

	"clave/internal/contact"
	"clave/internal/courier"
	"clave/internal/locale"
	"clave/internal/notify"
)

func TestQuestionCanBeAnswered(t *testing.T) {
	for _, lang := range locale.All() {
		v := values()
		v["text"] = "No me llega el SMS.\nGracias."
		p := written(t, notify.HelpAsked, lang.Code(), v)
		if p.ReplyTo != "ana@example.org" || !strings.Contains(p.Subject, "REFERENC") {
			t.Errorf("%s: reply to %q, subject %q", lang.Code(), p.ReplyTo, p.Subject)
		}
		if !strings.Contains(p.Text, "\n> No me llega el SMS.\n> Gracias.\n") {
			t.Errorf("%s: %s", lang.Code(), p.Text)
		}
	}
}

// Whatever a stranger types, headers stay ours: an address with a line break is none, a subject has one line, and no line of
// the text stands unquoted.
func TestQuestionAddsNoHeader(t *testing.T) {
	v := values()
	v["reply"] = "ana@example.org\r\nBcc: all@example.org"
	if _, err := courier.Write(notify.Message{Kind: notify.HelpAsked, Values: v}); !errors.Is(err, courier.ErrValue) {
		t.Errorf("an address with a second header: %v", err)
	}
	v = values()
	v["reference"], v["page"] = "ABC\r\nBcc: all@example.org", "/\nFrom: us"
	v["text"] = "one\r\n\r\nFrom: us\rtwo\u202e\x00\x1b[0m\n.\n"
	p := written(t, notify.HelpAsked, "es", v)
	if strings.ContainsAny(p.Subject, "\r\n") || strings.ContainsAny(p.Text, "\r\x00\x1b\u202e") {
		t.Errorf("%q\n%q", p.Subject, p.Text)
	}
	if !strings.Contains(p.Text, "> one\n> \n> From: us\n> two[0m\n> .\n") || strings.Contains(p.Text, "\nFrom:") {
		t.Errorf("%q", p.Text)
	}
}

func FuzzQuestion(f *testing.F) {
	f.Add("ana@example.org", "ABCDEFGHJ", "No me llega el SMS.\nGracias.")
	f.Add("a@b.es\r\nBcc: x@y.es", "A\nB", "\r\n.\r\nMAIL FROM\x00")
	f.Fuzz(func(t *testing.T, reply, reference, text string) {
		v := values()
		v["reply"], v["reference"], v["text"] = reply, reference, text
		p, err := courier.Write(notify.Message{Kind: notify.HelpAsked, Lang: "es", Values: v})
		if err != nil {
			return
		}
		if strings.ContainsAny(p.Subject+p.ReplyTo, "\r\n") || strings.Contains(p.Text, "\r") {
			t.Errorf("%q, %q, %q", p.Subject, p.ReplyTo, p.Text)
		}
		if again, err := contact.ParseEmail(p.ReplyTo); err != nil || again.Reveal() != p.ReplyTo {
			t.Errorf("reply to %q: %v", p.ReplyTo, err)
		}
	})
}
