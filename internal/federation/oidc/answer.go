package oidc

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"clave/internal/login"
	"clave/internal/relying"
	"clave/internal/secret"
)

// Answer is what goes to the service, through the browser, once the unit of work is durable.
type Answer struct {
	Location string // the service's registered address, with the answer in its query
}

// Errors of Answer and Fail.
var (
	ErrAnswered = errors.New("oidc: the request was answered before")
	ErrReturn   = errors.New("oidc: the address to answer to is no longer registered")
	ErrOther    = errors.New("oidc: the service expects another person")
)

// Mistaken tells whether a request expects another person than a citizen (OpenID Connect Core §3.1.2.1, §5.5.1). It must be
// asked before the login is completed, for a service is not to hear of whom it did not ask about; the answer then is Fail,
// with login.Unexpected. Whom its sector never called anything it does not expect. Errors: relying.ErrUnknown, and those of
// the store.
func (p *Provider) Mistaken(ctx context.Context, request login.Request, citizen string) (bool, error) {
	expected := request.Echo[echoSubject]
	if request.Protocol != Protocol || expected == "" {
		return false, nil
	}
	party, known, err := p.speaks(ctx, request.Party)
	switch {
	case err != nil:
		return false, err
	case !known:
		return false, relying.ErrUnknown
	}
	subject, err := p.Store.Subject(ctx, sector(party), citizen, "")
	return subject != expected, err
}

// Answer gives the service a code for a login that was completed. It must run inside the unit of work that completed it;
// nothing may be sent before that committed. The grant is named after its request, so that no second code can come of it.
// Errors: ErrAnswered, ErrReturn, relying.ErrUnknown, those of the store, and ErrOther, which undoes a login that Mistaken
// should have stopped.
func (p *Provider) Answer(ctx context.Context, r login.Result) (Answer, error) {
	request := r.Login.Request
	party, err := p.answerable(ctx, request)
	if err != nil {
		return Answer{}, err
	}
	subject, err := p.Store.Subject(ctx, sector(party), r.Citizen.ID, secret.Token().Reveal())
	if err != nil {
		return Answer{}, err
	}
	if expected := request.Echo[echoSubject]; expected != "" && expected != subject {
		return Answer{}, ErrOther
	}
	g := p.granted(r, party)
	g.Subject = subject
	code := handle(g.id)
	g.Code = digest(code)
	if err := (&manager{p}).keep(ctx, g); err != nil {
		return Answer{}, err
	}
	return Answer{p.location(request.ReturnTo, request.RelayState, url.Values{"code": {code}})}, nil
}

// granted is the grant of a login.
func (p *Provider) granted(r login.Result, party relying.Party) *grant {
	request := r.Login.Request
	echo := request.Echo
	released := party.Told(request.Released)
	byScope := claimsOf(strings.Fields(echo[echoScope]))
	return &grant{
		id: keyOf(grantKind, request.Party, request.ID), fresh: true,
		Party: request.Party, Citizen: r.Citizen.ID, Session: r.Session, Participation: r.Participation,
		Scopes: echo[echoScope], Redirect: request.ReturnTo, Nonce: echo[echoNonce], Challenge: echo[echoChallenge], Key: echo[echoKey],
		ACR: tellLevel(r.Level, echo[echoLevels]), AMR: tellMethod(r.Method), AuthTime: p.real(r.At).Unix(),
		ID:   about(r.Citizen, released, slices.Concat(byScope, strings.Fields(echo[echoID]))),
		User: about(r.Citizen, released, slices.Concat(byScope, strings.Fields(echo[echoUser]))),
		Made: now(), CodeUntil: now() + codeLife,
	}
}

// answerable looks at the party again: half an hour may have passed.
func (p *Provider) answerable(ctx context.Context, request login.Request) (relying.Party, error) {
	party, known, err := p.speaks(ctx, request.Party)
	switch {
	case err != nil:
		return party, err
	case !known:
		return party, relying.ErrUnknown
	case !party.Redirects(party.OIDC.Redirects, request.ReturnTo):
		return party, ErrReturn
	}
	return party, nil
}

// failures are how the end of a login is told (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6).
var failures = map[login.Failure]wrong{
	login.Cancelled:  {"access_denied", "the person gave up"},
	login.Failed:     {"access_denied", "the person could not prove who they are"},
	login.TimedOut:   {"access_denied", "the time was over"},
	login.Denied:     {"unmet_authentication_requirements", "the level asked cannot be reached"},
	login.Passive:    {"login_required", "the person must be asked who they are"},
	login.Unexpected: {"login_required", "another person identified themselves"},
	login.MustAgree:  {"interaction_required", "the person must agree"},
}

// Fail tells the service that a login ended without an identity. Errors: ErrReturn, relying.ErrUnknown, and those of the
// registry.
func (p *Provider) Fail(ctx context.Context, request login.Request, why login.Failure) (Answer, error) {
	if _, err := p.answerable(ctx, request); err != nil {
		return Answer{}, err
	}
	bad, ok := failures[why]
	if !ok {
		bad = wrong{Code: "access_denied"}
	}
	return p.tell(request, bad.Code, bad.Text), nil
}

func (p *Provider) tell(request login.Request, code, text string) Answer {
	return Answer{p.location(request.ReturnTo, request.RelayState, url.Values{"error": {code}, "error_description": {text}})}
}
