package saml

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"clave/internal/login"
	"clave/internal/relying"
	"clave/internal/xmlsig"

	"github.com/beevik/etree"
)

// Bounds of what a login carries in its cookie, in bytes. Sealed and in base64, with what the broker adds, maxKept stays under 3 KB.
const (
	maxID       = 128
	maxReturn   = 512
	maxProvider = 256
	maxKept     = 2000 // the request as JSON
)

// Parse reads what a service's form says: samlRequest, base64, and the relay state to give back. The error is an Error, or what the registry of parties
// said. With ErrPassive the request is complete and may be answered by Fail; with any other error there is none.
//
// Nothing here stops a replay: a request may be begun many times and is answered once, by whom the broker lets complete it.
func (g *Gateway) Parse(ctx context.Context, samlRequest, relayState string) (login.Request, error) {
	message, err := decode(samlRequest)
	if err != nil {
		return login.Request{}, err
	}
	if err := carries(relayState); err != nil {
		return login.Request{}, err
	}
	party, content, err := g.verify(ctx, message)
	if err != nil {
		return login.Request{}, err
	}
	req, err := g.read(content, party, relayState)
	if err != nil && !errors.Is(err, ErrPassive) {
		return login.Request{}, err
	}
	return req, err
}

// decode takes plain base64, never deflated. Still percent-encoded it is refused: what is decoded twice passes filters that look once (CVE-2026-117691).
func decode(field string) ([]byte, error) {
	if base64.StdEncoding.DecodedLen(len(field)) > xmlsig.MaxSize {
		return nil, ErrSize
	}
	message, err := base64.StdEncoding.DecodeString(field)
	if err != nil || len(message) == 0 {
		return nil, ErrEncoding
	}
	return message, nil
}

// carries refuses a relay state that would come back changed: browsers replace NUL and what is not UTF-8.
func carries(relayState string) error {
	switch {
	case len(relayState) > login.MaxRelay:
		return ErrSize
	case !utf8.ValidString(relayState) || strings.ContainsRune(relayState, 0):
		return ErrEncoding
	}
	return nil
}

// signed is the content of a request as its service signed it. Only verify makes one, and whatever decides reads nothing else.
type signed struct{ *etree.Element }

// verify finds the party that the message claims to be of, and takes of it what one of that party's certificates signed.
func (g *Gateway) verify(ctx context.Context, message []byte) (relying.Party, signed, error) {
	doc, err := xmlsig.Parse(message)
	if err != nil {
		return relying.Party{}, signed{}, because(ErrXML, err)
	}
	party, err := g.party(ctx, doc.Root())
	if err != nil {
		return relying.Party{}, signed{}, err
	}
	if party.SAML == nil {
		return relying.Party{}, signed{}, ErrParty
	}
	content, err := xmlsig.Verify(doc, party.SAML.Certificates, g.Now())
	if err != nil {
		return relying.Party{}, signed{}, because(ErrSignature, err)
	}
	if id, _ := provider(content); id != party.ID {
		return relying.Party{}, signed{}, ErrSignature // the key of one service, the name of another
	}
	return party, signed{content}, nil
}

func (g *Gateway) party(ctx context.Context, root *etree.Element) (relying.Party, error) {
	if !is(root, protocolNS, "AuthnRequest") {
		return relying.Party{}, ErrMessage
	}
	if len(attribute(root, "ProviderName")) > maxProvider {
		return relying.Party{}, ErrSize
	}
	id, _ := provider(root)
	party, err := g.Parties.Party(ctx, id)
	if errors.Is(err, relying.ErrUnknown) {
		return relying.Party{}, because(ErrParty, err)
	}
	return party, err
}

// provider cuts the ProviderName {NIF}_{DIR3};{application}. The application is optional and the service's own affair.
func provider(root *etree.Element) (party, application string) {
	party, application, _ = strings.Cut(attribute(root, "ProviderName"), ";")
	return party, application
}

// fits keeps the login's cookie within what browsers and proxies carry.
func fits(req login.Request) error {
	kept, err := json.Marshal(req)
	if err != nil {
		return err
	}
	if len(req.ID) > maxID || len(req.ReturnTo) > maxReturn || len(kept) > maxKept {
		return ErrSize
	}
	return nil
}

// because names the cause of a refusal, but leaves out what a parser said beyond it: parsers quote the message.
func because(e Error, cause error) error {
	if pair, ok := cause.(interface{ Unwrap() []error }); ok {
		cause = pair.Unwrap()[0]
	}
	return fmt.Errorf("%w: %w", e, cause)
}
