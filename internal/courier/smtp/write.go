package smtp

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	"github.com/wneessen/go-mail"

	"clave/internal/contact"
	"clave/internal/courier"
	"clave/internal/secret"
)

// envelope is an e-mail, and who it is from and to, as the server is told.
type envelope struct {
	from, to string
	message  []byte
}

// autoSubmitted keeps automatic answers away (RFC 3834 §5).
const autoSubmitted mail.Header = "Auto-Submitted"

// write writes an e-mail. What could become a header of its own is refused. Errors: courier.ErrValue; they never quote.
func (c *Carrier) write(p courier.Parcel) (envelope, error) {
	to, err := contact.ParseEmail(p.To)
	if err != nil {
		return envelope{}, fmt.Errorf("%w: its address: %w", courier.ErrValue, err)
	}
	if !secret.IsID(p.ID) || strings.ContainsFunc(p.Subject+p.Lang, unicode.IsControl) {
		return envelope{}, fmt.Errorf("%w: a header of it would have two lines", courier.ErrValue)
	}
	m := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.EncodingQP))
	m.FromMailAddress(c.from)
	if err := m.To(to.Reveal()); err != nil {
		return envelope{}, fmt.Errorf("%w: its address", courier.ErrValue)
	}
	if err := replyTo(m, p.ReplyTo); err != nil {
		return envelope{}, err
	}
	m.Subject(p.Subject)
	m.SetMessageIDWithValue(p.ID + "@" + c.domain)
	m.SetDateWithValue(c.now())
	m.SetGenHeader(mail.HeaderContentLang, p.Lang)
	m.SetGenHeader(autoSubmitted, "auto-generated")
	m.SetGenHeader(mail.HeaderXAutoResponseSuppress, "All")
	m.SetBodyString(mail.TypeTextPlain, p.Text)
	var text bytes.Buffer
	if _, err := m.WriteTo(&text); err != nil {
		return envelope{}, fmt.Errorf("%w: it cannot be laid out", courier.ErrValue)
	}
	return envelope{c.bounce(p.ID), to.Reveal(), text.Bytes()}, nil
}

func replyTo(m *mail.Msg, address string) error {
	if address == "" {
		return nil
	}
	reply, err := contact.ParseEmail(address)
	if err == nil {
		err = m.ReplyTo(reply.Reveal())
	}
	if err != nil || reply.Reveal() != address {
		return fmt.Errorf("%w: the address to answer to", courier.ErrValue)
	}
	return nil
}
