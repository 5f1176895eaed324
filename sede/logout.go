package sede

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"
)

const (
	protocolNamespace = "urn:oasis:names:tc:SAML:2.0:protocol"
	statusSuccess     = "urn:oasis:names:tc:SAML:2.0:status:Success"
	statusPartial     = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"
	logoutAge         = 5 * time.Minute // of a message about a logout
)

// BuildLogoutRequest writes and signs a LogoutRequest of the Cl@ve profile, and says its ID, which the answer must repeat.
// It names no person: the gateway ends the session of the browser that brings it. Where SAML puts the person's name, this
// profile wants ours, and it wants the address that gets the answer as the Issuer.
func BuildLogoutRequest(cfg Config, now time.Time) (xml, id string, err error) {
	id = "_" + rand.Text()
	request := logoutMessage(cfg, "LogoutRequest", id, cfg.logoutReturn(), now)
	request.CreateAttr("NotOnOrAfter", now.Add(logoutAge).UTC().Format(time.RFC3339))
	request.CreateAttr("Reason", "urn:oasis:names:tc:SAML:2.0:logout:user")
	name := element("saml2:NameID",
		"Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified", "SPNameQualifier", cfg.logoutReturn())
	name.SetText(cfg.ProviderName)
	request.AddChild(name)
	xml, err = signed(cfg, request)
	return xml, id, err
}

// logoutMessage is what both messages about a logout begin with.
func logoutMessage(cfg Config, kind, id, issuer string, now time.Time) *etree.Element {
	message := element("saml2p:"+kind,
		"xmlns:saml2p", protocolNamespace, "xmlns:saml2", "urn:oasis:names:tc:SAML:2.0:assertion",
		"ID", id, "Version", "2.0", "IssueInstant", now.UTC().Format(time.RFC3339), "Destination", cfg.GatewayURL)
	message.CreateElement("saml2:Issuer").SetText(issuer)
	return message
}

// signed signs a message that begins with its Issuer.
func signed(cfg Config, message *etree.Element) (string, error) {
	if err := sign(cfg, message, 1); err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return etree.NewDocumentWithRoot(message).WriteToString()
}

// A LogoutOutcome is what became of a logout.
type LogoutOutcome string

// The outcomes.
const (
	LoggedOut LogoutOutcome = "all"    // the gateway's session and every service's
	Partly    LogoutOutcome = "partly" // the gateway's, but some service has not answered
	Kept      LogoutOutcome = "kept"   // the citizen wanted to stay, or the gateway could not
)

// ReadLogoutResponse reads what the gateway posted as the answer to the LogoutRequest with the given ID. Errors: ErrRefused.
func ReadLogoutResponse(cfg Config, message, id string, now time.Time) (LogoutOutcome, error) {
	verified, err := readLogout(cfg, message, "LogoutResponse", cfg.logoutReturn(), now)
	if err != nil {
		return "", refused(err)
	}
	if id == "" || verified.SelectAttrValue("InResponseTo", "") != id {
		return "", refused(errors.New("answers another request"))
	}
	codes := verified.FindElements("./Status/StatusCode")
	switch {
	case len(codes) != 1:
		return "", refused(errors.New("has no status"))
	case codes[0].SelectAttrValue("Value", "") != statusSuccess:
		return Kept, nil
	case codes[0].FindElement("./StatusCode") == nil:
		return LoggedOut, nil
	}
	return Partly, nil
}

// readLogout checks what both of the gateway's messages about a logout must be: its own, for us, for this address, and new.
func readLogout(cfg Config, message, kind, destination string, now time.Time) (*etree.Element, error) {
	verified, err := verify(cfg, message, now)
	if err != nil {
		return nil, err
	}
	at, err := time.Parse(time.RFC3339, verified.SelectAttrValue("IssueInstant", ""))
	issuer := verified.FindElement("./Issuer")
	switch {
	case verified.Tag != kind || verified.NamespaceURI() != protocolNamespace:
		return nil, fmt.Errorf("is a %s", verified.Tag)
	case issuer == nil || strings.TrimSpace(issuer.Text()) != cfg.GatewayIssuer:
		return nil, errors.New("issuer is not the gateway")
	case verified.SelectAttrValue("Destination", "") != destination:
		return nil, errors.New("destination is another")
	case err != nil || now.Sub(at).Abs() > logoutAge:
		return nil, errors.New("not of now")
	}
	return verified, nil
}
