package config

import (
	"time"

	"clave/internal/courier/smpp"
)

// SMS is one carrier of text messages. They are tried in the order of the file.
type SMS struct {
	Name       string   `want:"a name for logs and figures, given to no other carrier, and not \"id\""`
	Type       string   `want:"\"smpp\" or \"http\""`
	Address    string   `want:"host:port of the carrier's SMPP server"`
	System     string   `want:"the system_id that the carrier gave you"`
	Password   Secret   // of SMPP
	SystemType string   // of SMPP, where the carrier asks for one
	Source     string   `want:"the sender that telephones show: letters and digits, at most 11, or a number"`
	Plain      bool     // SMPP without TLS: only inside a tunnel
	Authority  string   `path:"yes" want:"a file of certificates, PEM: who vouches for the carrier's, if not the public authorities"`
	URL        string   `want:"the carrier's https:// address"`
	Token      Secret   // that we show to the HTTP carrier
	Receipts   Secret   // that the HTTP carrier's receipts must bring
	Rate       float64  `want:"a number above 0 (messages a second)"`
	Window     int      `want:"a whole number above 0 (messages without an answer)"`
	Binds      int      `want:"a whole number above 0 (connections)"`
	IDs        smpp.IDs `key:"ids" want:"\"hex-decimal\" or \"decimal-hex\", where the carrier writes a message's id otherwise in its receipts"`
}

// Mail is how e-mail leaves.
type Mail struct {
	Address   string `want:"host:port of the mail server"`
	Security  string `want:"\"tls\", \"starttls\", or \"none\" on this machine only"`
	Authority string `path:"yes" want:"a file of certificates, PEM: who vouches for the server's, if not the public authorities"`
	User      string
	Password  Secret
	From      string `want:"the address that people see, for example \"Cl@ve <no-responder@clave.example.es>\""`
	Bounce    string `want:"the address that what cannot be delivered comes back to"`
	Bounces   string `path:"yes" want:"the Maildir in which that arrives"`

	Connections int `want:"a whole number above 0 (connections at once)"`
}

// Letters is how letters reach a printer.
type Letters struct {
	Folder     string        `path:"yes" want:"a folder for letters to print"`
	Recipients []string      `want:"the printers' age public keys, for example [\"age1…\"]: who may open the letters"`
	Every      time.Duration // how long letters of one batch are gathered
	Most       int           `want:"a whole number above 0 (letters of one batch)"`
	Day        int           `want:"a whole number above 0 (letters a day; the others wait)"`
}

func (s *SMS) defaults() { s.Rate, s.Window, s.Binds = 50, 10, 2 }

func (m *Mail) defaults() { m.Security, m.Connections = "tls", 4 }

func (l *Letters) defaults() { l.Every, l.Most, l.Day = time.Hour, 1000, 20_000 }
