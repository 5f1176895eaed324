package node

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"time"

	"clave/internal/account"
	"clave/internal/assurance"
	"clave/internal/authn/pin"
	"clave/internal/confirm"
	"clave/internal/contact"
	"clave/internal/courier"
	"clave/internal/enrolment"
	"clave/internal/federation/oidc"
	"clave/internal/federation/saml"
	"clave/internal/guide"
	"clave/internal/keyring"
	"clave/internal/login"
	"clave/internal/notify"
	"clave/internal/person"
	"clave/internal/store"
	"clave/internal/telemetry"
	"clave/internal/throttle"
	"clave/internal/web"
)

// methods are those that this program has.
var methods = []assurance.Method{assurance.PIN}

// house is a checked configuration, and what all its parts share.
type house struct {
	Config
	host    string
	mailbox contact.Email
	store   *store.Store
	census  person.Census
	seen    *telemetry.Metrics
	alarm   *throttle.Alarm
	crowding
}

// house checks the configuration. Errors: ErrConfig, keyring.ErrNoSigner.
func (c Config) house() (*house, error) {
	h := &house{Config: c, alarm: &throttle.Alarm{Name: "wrong data and codes", Count: 200, Per: time.Minute}}
	h.Sessions, h.Confirm = cmp.Or(c.Sessions, login.DefaultLimits()), cmp.Or(c.Confirm, confirm.DefaultLimits())
	h.Capacity = c.Capacity.WithDefaults()
	origin, err := url.Parse(c.Origin)
	if err != nil || origin.Host == "" || origin.Path != "" {
		return nil, fmt.Errorf("%w: origin: want a scheme and a host, for example https://clave.example", ErrConfig)
	}
	if h.host = origin.Hostname(); len(h.host) > courier.MaxHost {
		return nil, fmt.Errorf("%w: origin: a host of more than %d characters does not fit an SMS", ErrConfig, courier.MaxHost)
	}
	if h.mailbox, err = contact.ParseEmail(c.Help.Mailbox); err != nil && c.Help.Mailbox != "" {
		return nil, fmt.Errorf("%w: help mailbox: %w", ErrConfig, err)
	}
	if c.Ring.Kind() != c.Kind {
		return nil, fmt.Errorf("%w: the key ring is %s, the database is to be %s", ErrConfig, c.Ring.Kind(), c.Kind)
	}
	for _, name := range keyring.Names() {
		if _, err := c.Ring.Signings(name); err != nil {
			return nil, fmt.Errorf("%w: clave keys complete makes it", err)
		}
	}
	return h, nil
}

// MostWaiting is how many messages a channel may owe: at a hundred a second, what a PIN can wait for without growing old.
const MostWaiting = 6000

func (c Config) waiting() map[notify.Channel]int {
	most := map[notify.Channel]int{notify.SMS: MostWaiting, notify.Email: MostWaiting}
	maps.Copy(most, c.Waiting)
	return most
}

// server is all of it, but for OpenID Connect, which hands its requests over to the server.
func (h *house) server() *web.Server {
	broker := h.broker()
	return &web.Server{
		Origin: h.Origin, Demo: h.Kind == keyring.Demo, Help: h.Help, Store: h.store, Ring: h.Ring, Parties: h.Parties, Records: h.store,
		Slow: web.DefaultSlow(h.Now), Now: h.Now, Seen: h.seen, Away: store.Away,
		Broker: broker,
		PIN: &pin.Service{
			Store: h.store, Ring: h.Ring, Census: h.census, Limits: h.PIN, Style: h.PINStyle, Host: h.host, Origin: h.Origin,
			Alarm: h.alarm, Now: h.Now,
		},
		Enrolment: &enrolment.Service{
			Store: h.store, Ring: h.Ring, Census: h.census, Limits: h.Letters, Origin: h.Origin, Host: h.host, Alarm: h.alarm, Now: h.Now,
		},
		Confirm: &confirm.Service{
			Store: h.store, Ring: h.Ring, Parties: h.Parties, Policy: h.Policy, Methods: methods, Limits: h.Confirm, Host: h.host, Now: h.Now,
		},
		Account: &account.Service{Store: h.store, Ring: h.Ring, Broker: broker, Origin: h.Origin, Host: h.host, Now: h.Now},
		Desk:    h.desk(),
		SAML:    h.saml(),
		Door:    h.door, Live: h.live, Papers: h.papers, Documents: h.documents,
	}
}

func (h *house) broker() *login.Broker {
	return &login.Broker{
		Store: h.store, Ring: h.Ring, Parties: h.Parties, Policy: h.Policy, Methods: methods, Limits: h.Sessions,
		Origin: h.Origin, Host: h.host, Now: h.Now,
	}
}

func (h *house) saml() *saml.Gateway {
	return &saml.Gateway{
		Destination: h.Origin + saml.Path, Issuer: h.Origin, Parties: h.Parties, Returning: h.Parties.Returning, Now: h.Now, Skew: 5 * time.Minute,
		Organization: h.Organization,
		Signing:      func(now time.Time) (keyring.Signing, error) { return h.Ring.Signing("saml", now) },
		Signings:     func() ([]keyring.Signing, error) { return h.Ring.Signings("saml") },
	}
}

func (h *house) oidc(server *web.Server) (*oidc.Provider, error) {
	return oidc.New(oidc.Config{
		Issuer: h.Origin, Store: h.store, Ring: h.Ring, Parties: h.Parties, Sessions: server.Broker, Confirm: server.Confirm, Now: h.Now, Away: store.Away,
		Begin: server.BeginLogin, End: server.TakeLogout, Problem: server.Refuse,
	})
}

// desk takes people's questions, if it has a mailbox for them.
func (h *house) desk() *guide.Desk {
	if h.mailbox.IsZero() {
		return nil
	}
	return &guide.Desk{Store: h.store, Ring: h.Ring, Mailbox: h.mailbox, Lang: "es", Limits: guide.DefaultLimits(), Now: h.Now}
}
