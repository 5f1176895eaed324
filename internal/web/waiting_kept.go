package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"clave/internal/crowd"
	"clave/internal/federation/saml"
	"clave/internal/keyring"
	"clave/internal/secret"
)

// A person who waits carries everything themselves, sealed: their ticket, and what they sent. A node keeps neither; any node
// reads both. What was sent opens with its own ticket only, and a ticket kept in a cookie is good for the address that it was
// given at: nobody gets in with another's, or brings something else along.
const (
	ticketUse keyring.Use = "waiting ticket"
	keptUse   keyring.Use = "waiting form"

	waitingCookie = "waiting" // a ticket
	passCookie    = "waited"  // a pass: whoever has waited comes before newcomers
)

// What a sealed ticket is for, besides its own form.
const (
	forForm = "form"
	forPass = "pass"
)

func newTicketID() uint64 { return binary.BigEndian.Uint64(secret.Bytes(8)) | 1 }

const ticketSize = 16 // bytes: when its holder came, in nanoseconds of Unix time, and its number

func (s *Server) sealTicket(t crowd.Ticket, purpose string) string {
	plain := binary.BigEndian.AppendUint64(nil, uint64(t.Arrived.UnixNano()))
	plain = binary.BigEndian.AppendUint64(plain, t.ID)
	return base64.RawURLEncoding.EncodeToString(s.Ring.Seal(s.Now(), ticketUse, purpose, plain))
}

// openTicket is false for what is no ticket of ours, is for something else, or is over.
func (s *Server) openTicket(sealed, purpose string, life time.Duration) (crowd.Ticket, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil {
		return crowd.Ticket{}, false
	}
	plain, err := s.Ring.Unseal(ticketUse, purpose, raw)
	if err != nil || len(plain) != ticketSize {
		return crowd.Ticket{}, false
	}
	t := crowd.Ticket{Arrived: time.Unix(0, int64(binary.BigEndian.Uint64(plain))), ID: binary.BigEndian.Uint64(plain[8:])}
	return t, s.Now().Sub(t.Arrived) < life
}

// keptForm is a request as its browser holds it while it waits.
type keptForm struct {
	Address string `json:"a"` // path and query
	Type    string `json:"t"` // of the body
	Body    []byte `json:"b"`
}

func (d *atDoor) sealKept() (string, error) {
	plain, err := json.Marshal(keptForm{d.r.URL.RequestURI(), d.r.Header.Get("Content-Type"), d.body})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(d.Ring.Seal(d.Now(), keptUse, strconv.FormatUint(d.ticket.ID, 16), plain)), nil
}

// again takes the form of the waiting page: the request that it holds goes on, when it is its turn. Whatever is forged leads to
// the front page, like anybody who comes.
func (d *atDoor) again() {
	if d.r.Method != http.MethodPost {
		http.Redirect(d.w, d.r, "/", http.StatusSeeOther)
		return
	}
	if http.NewCrossOriginProtection().Check(d.r) != nil { // a foreign page would put its own login into this browser
		d.crossOrigin(d.w, d.r)
		return
	}
	if !d.read() {
		return
	}
	if !d.unpack() {
		http.Redirect(d.w, d.r, "/", http.StatusSeeOther)
		return
	}
	d.admit(d.rank())
}

// unpack puts the request that the form holds in its place.
func (d *atDoor) unpack() bool {
	fields, err := url.ParseQuery(string(d.body))
	if err != nil {
		return false
	}
	t, ok := d.openTicket(fields.Get("ticket"), forForm, crowd.TicketLife)
	if !ok {
		return false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(fields.Get("request"))
	if err != nil {
		return false
	}
	var k keptForm
	plain, err := d.Ring.Unseal(keptUse, strconv.FormatUint(t.ID, 16), sealed)
	if err != nil || json.Unmarshal(plain, &k) != nil {
		return false
	}
	address, err := url.ParseRequestURI(k.Address)
	if err != nil {
		return false
	}
	r := d.r.Clone(d.r.Context())
	r.URL, r.RequestURI = address, k.Address
	r.Header.Set("Content-Type", k.Type)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(k.Body)), int64(len(k.Body))
	d.r, d.body, d.ticket = r, k.Body, t
	return true
}

// keeps tells whether a form may be kept: our own pages', and services'. Another site's is refused behind the door, and must not
// come to look like ours here.
func (d *atDoor) keeps() bool {
	return d.r.URL.Path == saml.Path || beginsOIDC(d.r.URL.Path) || http.NewCrossOriginProtection().Check(d.r) == nil
}

// cookieTicket is the ticket of whoever asked for this address before; the zero one if there is none.
func (d *atDoor) cookieTicket() crowd.Ticket {
	if d.r.Method == http.MethodPost {
		return crowd.Ticket{}
	}
	c, err := d.r.Cookie(d.cookieName(waitingCookie))
	if err != nil {
		return crowd.Ticket{}
	}
	t, ok := d.openTicket(c.Value, addressOf(d.r.URL), crowd.TicketLife)
	if !ok {
		return crowd.Ticket{}
	}
	return t
}

// addressOf is what a ticket for an address is bound to: the language that it is shown in may change.
func addressOf(u *url.URL) string {
	query := u.Query()
	query.Del("lang")
	sum := sha256.Sum256([]byte(u.Path + "?" + query.Encode()))
	return "address " + string(sum[:])
}

// passed remembers that this browser has waited: its next pages come before newcomers'.
func (d *atDoor) passed() {
	pass := crowd.Ticket{Arrived: d.Now(), ID: d.ticket.ID}
	d.setCookie(d.w, d.cookieName(passCookie), d.sealTicket(pass, forPass), crowd.PassLife)
}

// passes tells whether the browser has waited before, and uses its pass. Who begins at a service waits for each.
func (d *atDoor) passes() bool {
	pass, ok := d.passFor(d.r.URL.Path)
	if !ok || !d.Door.Pass(pass.ID) {
		return false
	}
	d.pass = pass.ID
	return true
}

func (d *atDoor) passFor(path string) (crowd.Ticket, bool) {
	c, err := d.r.Cookie(d.cookieName(passCookie))
	if err != nil || path == saml.Path || beginsOIDC(path) {
		return crowd.Ticket{}, false
	}
	return d.openTicket(c.Value, forPass, crowd.PassLife)
}
