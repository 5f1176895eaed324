package sede

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"
	rtvalidator "github.com/mattermost/xml-roundtrip-validator"
	saml2 "github.com/russellhaering/gosaml2"
	"github.com/russellhaering/gosaml2/types"
	dsig "github.com/russellhaering/goxmldsig"
)

// Identity is who the gateway says the visitor is, how sure it is, and how it came to know.
type Identity struct {
	NIF          string // of citizens of another State, the whole eIDAS identifier, "CC/ES/…"
	GivenName    string
	FamilyName   string // both surnames
	FirstSurname string
	Level        string    // "low", "substantial" or "high"
	Method       string    // the gateway's word for it: SelectedIdP
	At           time.Time // when the citizen identified themselves

	// The answer's status, set also when nobody was identified.
	StatusCode    string
	StatusReason  string // the second-level code, if any
	StatusMessage string
}

// FullName is the name as people say it.
func (who Identity) FullName() string { return strings.TrimSpace(who.GivenName + " " + who.FamilyName) }

var (
	// ErrRefused: the answer is not what it should be, and nothing in it may be believed. The wrapped text says why, for the log.
	ErrRefused = errors.New("sede: answer refused")
	// ErrNobody: the gateway truly answers that nobody was identified. The Identity that comes with it has only the status.
	ErrNobody = errors.New("sede: nobody was identified")
)

// ReadResponse reads the SAMLResponse field that the gateway posted, as the answer to the request with the given ID.
//
// goxmldsig verifies the signature and gosaml2 checks the assertion. gosaml2's own ValidateEncodedResponse does not serve
// here, for it also takes unsigned responses around signed assertions and has no way to read an answer without an assertion,
// which is how Cl@ve says that the citizen did not identify themselves. Nor does gosaml2 compare InResponseTo, demand a
// Destination, refuse SHA-1 or look at the level: these checks are ours.
func ReadResponse(cfg Config, samlResponse, id string, now time.Time) (Identity, error) {
	verified, err := verify(cfg, samlResponse, now)
	if err != nil {
		return Identity{}, refused(err)
	}
	response, err := decode(verified)
	if err != nil {
		return Identity{}, refused(err)
	}
	if err := addressed(cfg, response, id); err != nil {
		return Identity{}, refused(err)
	}
	who := status(verified)
	if who.StatusCode != saml2.StatusCodeSuccess {
		return who, ErrNobody
	}
	if err := valid(cfg, response, id, now); err != nil {
		return Identity{}, refused(err)
	}
	if err := who.fill(&response.Assertions[0], cfg.Level); err != nil {
		return Identity{}, refused(err)
	}
	return who, nil
}

func refused(why error) error { return fmt.Errorf("%w: %w", ErrRefused, why) }

// verify gives back what the gateway's key signed, parsed anew from the very bytes that were hashed. The document that
// arrived is never looked at again: a forger may have put anything around the signed part.
func verify(cfg Config, samlResponse string, now time.Time) (*etree.Element, error) {
	raw, err := base64.StdEncoding.DecodeString(samlResponse)
	if err != nil {
		return nil, err
	}
	// XML that Go's parser would write differently than it read could be signed as one thing and read as another.
	if err := rtvalidator.Validate(bytes.NewReader(raw)); err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		return nil, err
	}
	if err := signedOnceAndStrongly(doc); err != nil {
		return nil, err
	}
	context := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cfg.GatewayCertificate}})
	context.Clock = dsig.NewFakeClockAt(now)
	return context.Validate(doc.Root())
}

// strong lists the algorithms that are accepted; goxmldsig alone would take SHA-1 as well.
var strong = map[string]bool{
	dsig.RSASHA256SignatureMethod:                   true,
	dsig.RSASHA384SignatureMethod:                   true,
	dsig.RSASHA512SignatureMethod:                   true,
	"http://www.w3.org/2001/04/xmlenc#sha256":       true,
	"http://www.w3.org/2001/04/xmldsig-more#sha384": true,
	"http://www.w3.org/2001/04/xmlenc#sha512":       true,
}

// signedOnceAndStrongly leaves no room for signature wrapping: one signature in the whole document, the response's own.
func signedOnceAndStrongly(doc *etree.Document) error {
	signatures := doc.FindElements("//Signature")
	if len(signatures) != 1 || signatures[0].Parent() != doc.Root() {
		return fmt.Errorf("%d signatures, or not the response's own", len(signatures))
	}
	for _, name := range []string{"SignatureMethod", "DigestMethod"} {
		methods := doc.FindElements("//" + name)
		if len(methods) != 1 || !strong[methods[0].SelectAttrValue("Algorithm", "")] {
			return fmt.Errorf("%s is not one that we accept", name)
		}
	}
	return nil
}

// decode turns verified XML into gosaml2's types.
func decode(verified *etree.Element) (*types.Response, error) {
	canonical, err := etree.NewDocumentWithRoot(verified.Copy()).WriteToBytes()
	if err != nil {
		return nil, err
	}
	var response types.Response
	return &response, xml.Unmarshal(canonical, &response)
}
