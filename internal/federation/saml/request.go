package saml

import (
	"cmp"
	"strings"
	"time"

	"clave/internal/assurance"
	"clave/internal/login"
	"clave/internal/relying"
)

// A reader fills a login.Request from signed content, one question at a time.
type reader struct {
	*Gateway
	content signed
	party   relying.Party
	req     login.Request
	at      time.Time // when it came
}

func (g *Gateway) read(at time.Time, content signed, party relying.Party, relayState string) (login.Request, error) {
	r := reader{Gateway: g, content: content, party: party, at: at}
	_, application := provider(attribute(content.Element, "ProviderName"))
	r.req = login.Request{
		Protocol: Protocol, Party: party.ID, RelayState: relayState,
		ID: attribute(content.Element, "ID"), ReturnTo: attribute(content.Element, "AssertionConsumerServiceURL"),
		Echo: map[string]string{},
	}
	if application != "" {
		r.req.Echo[echoApp] = application
	}
	steps := []func() error{r.addressed, r.fresh, r.returns, r.force, r.passive, r.level, r.nameID, r.extensions, r.released}
	for _, step := range steps {
		if err := step(); err != nil {
			return login.Request{}, err
		}
	}
	if err := fits(r.req.ReturnTo, r.req); err != nil {
		return login.Request{}, err
	}
	return r.req, nil
}

func (r *reader) addressed() error { return r.Gateway.addressed(r.content) }

func (r *reader) fresh() error {
	_, err := r.Gateway.fresh(r.at, r.content)
	return err
}

func (r *reader) returns() error {
	if err := r.party.Returns(r.req.ReturnTo); err != nil {
		return because(ErrReturn, err)
	}
	if binding := attribute(r.content.Element, "ProtocolBinding"); binding != "" && binding != postBinding {
		return ErrBinding
	}
	return nil
}

func (r *reader) force() (err error) {
	r.req.ForceAuthn, err = boolean(r.content.Element, "ForceAuthn")
	return err
}

func (r *reader) passive() (err error) {
	r.req.Passive, err = boolean(r.content.Element, "IsPassive")
	return err
}

func (r *reader) released() (err error) {
	r.req.Released, err = told(r.party)
	return err
}

// level reads the least level asked; none leaves it to what is registered for the party. Comparison must say "minimum": SAML's default is "exact", and a
// service that asks for exactly low would be answered with what it did not ask.
func (r *reader) level() error {
	context := child(r.content.Element, protocolNS, "RequestedAuthnContext")
	if context == nil {
		return nil
	}
	classes := context.ChildElements()
	if attribute(context, "Comparison") != "minimum" || len(classes) != 1 || !is(classes[0], assertionNS, "AuthnContextClassRef") {
		return ErrLevel
	}
	name, known := strings.CutPrefix(word(classes[0]), levelName)
	level, err := assurance.ParseLevel(name)
	if !known || err != nil {
		return ErrLevel
	}
	r.req.Level = level
	return nil
}

func (r *reader) nameID() error {
	format := unspecified
	if policy := child(r.content.Element, protocolNS, "NameIDPolicy"); policy != nil {
		format = cmp.Or(attribute(policy, "Format"), unspecified)
	}
	if !nameIDFormats[format] {
		return ErrNameID
	}
	r.req.Echo[echoNameID] = format
	return nil
}
