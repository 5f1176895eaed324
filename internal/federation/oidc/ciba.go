package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"clave/internal/citizen"
	"clave/internal/confirm"
	"clave/internal/login"
	"clave/internal/nif"
	"clave/internal/relying"
	"clave/internal/secret"
)

// Confirmations asks people, on our own pages, to confirm what a service asks by a back channel. confirm.Service is one.
type Confirmations interface {
	Ask(ctx context.Context, a confirm.Ask) (id string, wait time.Duration, err error)
	Outcome(ctx context.Context, id string) (confirm.Outcome, error)
	Spend(ctx context.Context, id string) (bool, error)
}

// How a service waits for an answer (CIBA §7.3, §11).
const (
	interval = 5 * time.Second // between two questions whether there is one, and how much longer it gets for each too early
	grace    = 500 * time.Millisecond
	askLife  = 5 * time.Minute // when the service names none
	maxLife  = 10 * time.Minute
)

// question is a request for a confirmation, from the service's post to its use.
type question struct {
	Party    string            `json:"p"`
	Confirm  string            `json:"c"` // the confirmation's id
	Echo     map[string]string `json:"e"`
	Next     int64             `json:"n"` // milliseconds of Unix time: when the service may ask again
	Interval int64             `json:"i"` // milliseconds
}

// ask takes a request for a confirmation. Whether there is such a person, nobody can tell from the answer.
func (p *Provider) ask(ctx context.Context, as *goidc.AuthnSession, _ *goidc.Client) error {
	c := callOf(ctx)
	r := login.Request{Protocol: Protocol, Party: c.party.ID, Echo: map[string]string{}}
	for _, step := range []func(*login.Request, *call, *goidc.AuthnSession) *wrong{asksFor, asksLevel} {
		if bad := step(&r, c, as); bad != nil {
			return goidc.NewError(goidc.ErrorCode(bad.Code), bad.Text)
		}
	}
	who, err := nif.Parse(strings.TrimPrefix(as.LoginHint, "nif:"))
	if err != nil {
		return goidc.NewError(goidc.ErrorCodeUnknownUserID, "login_hint is a NIF")
	}
	life := time.Duration(as.ExpiresAt-now()) * time.Second
	if life <= 0 || life > maxLife {
		return goidc.NewError(goidc.ErrorCodeInvalidRequest, "requested_expiry is at most 600")
	}
	id, wait, err := p.Confirm.Ask(ctx, confirm.Ask{
		Party: c.party.ID, NIF: who, Message: as.BindingMessage, Level: r.Level, Released: r.Released, Life: life, From: c.from,
	})
	if bad := p.unaskable(c, wait, err); bad != nil {
		return bad
	}
	return p.keepQuestion(ctx, as, question{Party: c.party.ID, Confirm: id, Echo: r.Echo, Interval: interval.Milliseconds()})
}

// unaskable says why nobody was asked: for a reason of the request's, or because somebody asked too often.
func (p *Provider) unaskable(c *call, wait time.Duration, err error) error {
	switch {
	case errors.Is(err, confirm.ErrMessage):
		return goidc.NewError(goidc.ErrorCodeInvalidBindingMessage, "plain text of at most 60 characters, without addresses")
	case errors.Is(err, confirm.ErrLevel):
		return goidc.NewError("unmet_authentication_requirements", "no method reaches the level asked")
	case errors.Is(err, confirm.ErrLife):
		return goidc.NewError(goidc.ErrorCodeInvalidRequest, "requested_expiry is too long")
	case err != nil:
		return c.fail(err)
	case wait > 0:
		c.wait = wait
		return goidc.NewError(goidc.ErrorCodeAccessDenied, "asked too often").WithStatusCode(http.StatusTooManyRequests)
	}
	return nil
}

func (p *Provider) keepQuestion(ctx context.Context, as *goidc.AuthnSession, q question) error {
	c := callOf(ctx)
	body, err := json.Marshal(q)
	if err != nil {
		return c.fail(err)
	}
	until := time.Unix(int64(as.ExpiresAt), 0).Add(2 * confirm.Fetch)
	if _, err := p.Store.AddRecord(ctx, Record{Kind: askedKind, Key: keyOf(askedKind, as.AuthReqID), Body: body, Until: until}); err != nil {
		return c.fail(err)
	}
	if c.party.OIDC.CIBA != relying.Ping {
		return nil
	}
	body, err = json.Marshal(ping{Party: q.Party, Confirm: q.Confirm, Request: as.AuthReqID, Token: as.ClientNotificationToken})
	if err != nil {
		return c.fail(err)
	}
	_, err = p.Store.AddRecord(ctx, Record{Kind: pingKind, Key: keyOf(pingKind, as.AuthReqID), Body: body, Until: until, Due: wall()})
	return c.fail(err)
}

// SessionByAuthReqID implements goidc.CIBAManager; what it would say, GrantByAuthReqID has said.
func (m *manager) SessionByAuthReqID(context.Context, string) (*goidc.AuthnSession, error) {
	return nil, goidc.ErrNotFound
}

// GrantByAuthReqID implements goidc.CIBAManager: what became of a request, and the grant when the person confirmed it.
func (m *manager) GrantByAuthReqID(ctx context.Context, id string) (*goidc.Grant, error) {
	c := callOf(ctx)
	r, found, err := m.p.Store.Record(ctx, askedKind, keyOf(askedKind, id))
	if err != nil {
		return nil, c.fail(err)
	}
	var q question
	if !found || json.Unmarshal(r.Body, &q) != nil || q.Party != c.party.ID {
		return nil, goidc.ErrNotFound
	}
	early, err := m.p.tooEarly(ctx, r, &q)
	if err != nil {
		return nil, c.fail(err)
	}
	if early {
		return nil, goidc.NewError(goidc.ErrorCodeSlowDown, "")
	}
	o, err := m.p.Confirm.Outcome(ctx, q.Confirm)
	if err != nil {
		return nil, c.fail(err)
	}
	if o.State == confirm.Confirmed {
		return m.p.confirmed(ctx, r, q, o)
	}
	return nil, notConfirmed(o.State)
}

// notConfirmed is how a service is told that there is nothing to fetch (CIBA §11).
func notConfirmed(state confirm.State) error {
	switch state {
	case confirm.Waiting:
		return goidc.NewError(goidc.ErrorCodeAuthPending, "")
	case confirm.Refused, confirm.Reported:
		return goidc.NewError(goidc.ErrorCodeAccessDenied, "").WithStatusCode(http.StatusBadRequest)
	default:
		return goidc.NewError(goidc.ErrorCodeExpiredToken, "")
	}
}

// tooEarly counts a question of the service, and makes it wait longer for each that comes too early (CIBA §11).
func (p *Provider) tooEarly(ctx context.Context, r Record, q *question) (bool, error) {
	at := wall().UnixMilli()
	early := at < q.Next
	if early {
		q.Interval += interval.Milliseconds()
	}
	q.Next = at + q.Interval - grace.Milliseconds()
	body, err := json.Marshal(q)
	if err != nil {
		return early, err
	}
	r.Body = body
	return early, p.Store.SaveRecord(ctx, r)
}

// confirmed spends a confirmation: of many questions at once one gets the grant.
func (p *Provider) confirmed(ctx context.Context, r Record, q question, o confirm.Outcome) (*goidc.Grant, error) {
	c := callOf(ctx)
	spent, err := p.Confirm.Spend(ctx, q.Confirm)
	if err != nil {
		return nil, c.fail(err)
	}
	person, found, err := p.Store.Citizen(ctx, o.Citizen)
	if err != nil {
		return nil, c.fail(err)
	}
	if !spent || !found {
		return nil, notConfirmed(confirm.Expired)
	}
	g := p.granted(asLogin(r, q, o, person), c.party)
	if g.Subject, err = p.Store.Subject(ctx, sector(c.party), person.ID, secret.Token().Reveal()); err != nil {
		return nil, c.fail(err)
	}
	c.grant = g
	return g.library(), nil
}

// asLogin is a confirmation as a login that was completed.
func asLogin(r Record, q question, o confirm.Outcome, person citizen.Citizen) login.Result {
	request := login.Request{Party: q.Party, ID: string(askedKind) + " " + r.Key, Released: o.Released, Echo: q.Echo}
	return login.Result{
		Login: login.Login{Request: request}, Citizen: person,
		Method: o.Means.Method, Level: o.Means.Level, At: o.Means.At, Session: o.Means.Session,
	}
}

var digits = regexp.MustCompile(`^[0-9]{1,9}$`)

// askable checks what the library would pass over.
func askable(party relying.Party, values map[string][]string) *wrong {
	get := func(name string) string { return strings.Join(values[name], " ") }
	switch {
	case party.OIDC.CIBA == "" || party.OIDC.Auth == relying.None:
		return &wrong{"unauthorized_client", "not registered for confirmations"}
	case get("request") != "" || get("login_hint_token") != "" || get("id_token_hint") != "" || get("login_hint") == "":
		return &wrong{"invalid_request", "the person is named by login_hint"}
	}
	if age := get("requested_expiry"); age != "" && !digits.MatchString(age) {
		return &wrong{"invalid_request", "requested_expiry is no number"}
	}
	return nil
}
