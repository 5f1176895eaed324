package smtp

import (
	"bufio"
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"

	"clave/internal/notify"
	"clave/internal/secret"
)

// bounce is what an e-mail that came back says.
type bounce struct {
	id     string       // of the message that it is about; empty: it names none
	state  notify.State // Refused or Delivered; empty: nothing that is final
	status string       // RFC 3463, such as 5.1.1; may be empty
}

// The most that is read of what a stranger sent.
const (
	maxMail   = 256 << 10
	maxParts  = 8
	maxGroups = 16
)

// read understands a delivery status notification (RFC 3464), and of other mail only what a mail server's own program says
// in the way of Exim and its kin. Everything else, such as an answer from somebody's holidays, says nothing.
func (c *Carrier) read(r io.Reader) bounce {
	m, err := mail.ReadMessage(bufio.NewReader(io.LimitReader(r, maxMail)))
	if err != nil {
		return bounce{}
	}
	b := bounce{id: c.about(m.Header)}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	switch {
	case b.id == "":
	case err == nil && kind == "multipart/report" && params["report-type"] == "delivery-status":
		b.state, b.status = report(multipart.NewReader(m.Body, params["boundary"]))
	case oldBounce(m.Header):
		b.state = notify.Refused
	}
	return b
}

// about finds which message a mail is about: the mail server writes the address that it was sent to into one of these.
func (c *Carrier) about(h mail.Header) string {
	for _, name := range []string{"X-Original-To", "Delivered-To", "Envelope-To", "To"} {
		for _, value := range h[textproto.CanonicalMIMEHeaderKey(name)] {
			if found := c.sentAs.FindStringSubmatch(value); found != nil {
				if id := strings.ToUpper(found[1]); secret.IsID(id) { // some servers write it in small letters
					return id
				}
			}
		}
	}
	return ""
}

// oldBounce recognises a failure that is told without RFC 3464: it comes from nobody, so that nobody answers it, and names
// who was not reached.
func oldBounce(h mail.Header) bool {
	return strings.TrimSpace(h.Get("Return-Path")) == "<>" && h.Get("X-Failed-Recipients") != ""
}

// report reads the part that is for programs.
func report(parts *multipart.Reader) (notify.State, string) {
	for range maxParts {
		part, err := parts.NextPart()
		if err != nil {
			break
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if kind == "message/delivery-status" || kind == "message/global-delivery-status" {
			text, _ := io.ReadAll(part) // what was cut off is not missed
			return outcome(text)
		}
	}
	return "", ""
}

var statusCode = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}$`)

// outcome reads the groups of fields, one for each reader (RFC 3464 §2.1). We write to one, whose server may have sent it on
// to others: it arrived if one of them has it. "Failed" is final whatever the status (§2.3.3); "delayed", "relayed" and
// "expanded" say nothing final.
func outcome(text []byte) (state notify.State, status string) {
	groups := textproto.NewReader(bufio.NewReader(bytes.NewReader(text)))
	for range maxGroups {
		fields, err := groups.ReadMIMEHeader()
		switch word(fields.Get("Action")) {
		case "delivered":
			return notify.Delivered, ""
		case "failed":
			state = notify.Refused
			if s := word(fields.Get("Status")); statusCode.MatchString(s) {
				status = s
			}
		}
		if err != nil {
			break
		}
	}
	return state, status
}

// word is the first word of a field, without the comment that may follow it.
func word(field string) string {
	field, _, _ = strings.Cut(field, "(")
	first, _, _ := strings.Cut(strings.TrimSpace(field), " ")
	return strings.ToLower(first)
}
