package saml

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"clave/internal/login"
	"clave/internal/relying"
	"clave/internal/xmlsig"

	"github.com/beevik/etree"
)

// signed is the content of a message as its service signed it. Only verify makes one, and whatever decides reads nothing else.
type signed struct{ *etree.Element }

// A kind of message: the name of its root, the parts that it can have, each once, and how it says whose it is.
type kind struct {
	name  string
	parts map[string]bool
	claim func(root *etree.Element) (claim, error)
}

// A claim is whose a message says it is: to find the certificates by, and to hold the signed content against.
type claim struct {
	party   string // its id
	address string // or where it wants to be answered
}

// verify finds the party that the message claims to be of, and takes of it what one of that party's certificates signed.
func (g *Gateway) verify(ctx context.Context, message []byte, k kind) (relying.Party, signed, error) {
	doc, err := xmlsig.Parse(message)
	if err != nil {
		return relying.Party{}, signed{}, because(unreadable(message), err)
	}
	claimed, err := k.read(doc.Root())
	if err != nil {
		return relying.Party{}, signed{}, err
	}
	party, err := g.party(ctx, claimed)
	if err != nil {
		return relying.Party{}, signed{}, err
	}
	content, err := xmlsig.Verify(doc, party.SAML.Certificates, g.Now())
	if err != nil {
		return relying.Party{}, signed{}, because(ErrSignature, err)
	}
	if proven, err := k.read(content); err != nil || proven != claimed {
		return relying.Party{}, signed{}, ErrSignature // the key of one service, the name of another
	}
	return party, signed{content}, k.whole(content)
}

func (k kind) read(root *etree.Element) (claim, error) {
	if !is(root, protocolNS, k.name) {
		return claim{}, ErrMessage
	}
	return k.claim(root)
}

// whole holds the content to its kind (SAML core §3.2).
func (k kind) whole(content *etree.Element) error {
	if attribute(content, "Version") != "2.0" || attribute(content, "ID") == "" {
		return ErrMessage
	}
	if len(attribute(content, "ID")) > maxID {
		return ErrSize
	}
	seen := map[string]bool{}
	for _, part := range content.ChildElements() {
		name := part.NamespaceURI() + " " + part.Tag
		if !k.parts[name] || seen[name] {
			return ErrMessage
		}
		seen[name] = true
	}
	return nil
}

// party finds who is claimed to have sent a message: by id, or as the only one that registered the address to return to.
func (g *Gateway) party(ctx context.Context, c claim) (relying.Party, error) {
	party, err := g.Parties.Party(ctx, c.party)
	if errors.Is(err, relying.ErrUnknown) && c.address != "" && g.Returning != nil {
		party, err = g.returning(ctx, c.address)
	}
	switch {
	case errors.Is(err, relying.ErrUnknown):
		return relying.Party{}, because(ErrParty, err)
	case err != nil:
		return relying.Party{}, err
	case party.SAML == nil:
		return relying.Party{}, ErrParty
	}
	return party, nil
}

// returning takes no pick among several: whose message it is decides whose session ends.
func (g *Gateway) returning(ctx context.Context, address string) (relying.Party, error) {
	parties, err := g.Returning(ctx, address)
	if err != nil {
		return relying.Party{}, err
	}
	if len(parties) != 1 || parties[0].LogoutReturns(address) != nil {
		return relying.Party{}, relying.ErrUnknown
	}
	return parties[0], nil
}

// addressed refuses what was signed for another gateway and is passed on to this one (SAML bindings §3.5.5.2).
func (g *Gateway) addressed(content signed) error {
	if attribute(content.Element, "Destination") != g.Destination {
		return ErrDestination
	}
	return nil
}

// fresh takes instants not too far from now, and returns when the message was issued.
func (g *Gateway) fresh(now time.Time, content signed) (time.Time, error) {
	at, err := moment(attribute(content.Element, "IssueInstant"))
	if err != nil {
		return time.Time{}, err
	}
	if behind := now.Sub(at); behind.Abs() > g.Skew {
		return time.Time{}, Skewed{behind}
	}
	return at, nil
}

// moment reads an instant with a zone, with fractions of a second, or, because one of Cl@ve's own kits writes so, without a zone: that is UTC.
func moment(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.Parse("2006-01-02T15:04:05", text)
	}
	if err != nil {
		return time.Time{}, ErrMessage
	}
	return at, nil
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

// unreadable tells what is compressed from what is no XML at all, so that the log says what its service has to change. Only the first byte is inflated,
// and only to say this word: the message stays refused.
func unreadable(message []byte) Error {
	var first [1]byte
	if _, err := io.ReadFull(flate.NewReader(bytes.NewReader(message)), first[:]); err == nil && first[0] == '<' {
		return ErrDeflated
	}
	return ErrXML
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

// because names the cause of a refusal, but leaves out what a parser said beyond it: parsers quote the message.
func because(e Error, cause error) error {
	if pair, ok := cause.(interface{ Unwrap() []error }); ok {
		cause = pair.Unwrap()[0]
	}
	return fmt.Errorf("%w: %w", e, cause)
}
