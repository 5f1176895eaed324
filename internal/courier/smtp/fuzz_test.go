package smtp

import (
	"strings"
	"testing"

	"clave/internal/notify"
	"clave/internal/secret"
)

// FuzzBounce reads what anybody may send to the addresses that e-mails come back to.
func FuzzBounce(f *testing.F) {
	const to = "To: bounce+01ARZ3NDEKTSV4RRFFQ69G5FAV@clave.example\r\n"
	f.Add(to + "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" +
		"Reporting-MTA: dns; a\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\nAction: delayed\r\n\r\n--b--\r\n")
	f.Add(to + "Return-Path: <>\r\nX-Failed-Recipients: ana@example.org\r\n\r\n")
	f.Add(strings.Repeat("\r\n", 9))
	c, err := New(Config{Address: "127.0.0.1:25", Security: None, From: "no-reply@clave.example", Bounce: "bounce@clave.example"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b := c.read(strings.NewReader(text))
		if b.state != "" && b.state != notify.Refused && b.state != notify.Delivered {
			t.Errorf("state %q", b.state)
		}
		if b.id != "" && !secret.IsID(b.id) || b.id == "" && b.state != "" {
			t.Errorf("id %q, state %q", b.id, b.state)
		}
		if b.status != "" && !statusCode.MatchString(b.status) {
			t.Errorf("status %q", b.status)
		}
	})
}
