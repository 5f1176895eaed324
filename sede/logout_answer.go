package sede

import (
	"crypto/rand"
	"errors"
	"strings"
	"time"
)

// Closing is the gateway's order to end a citizen's sessions here.
type Closing struct {
	ID     string // to be repeated in the answer; it serves once
	NameID string // who: the identifier that assertions name them by
}

// ReadLogoutRequest reads a LogoutRequest that the gateway had the browser post. Errors: ErrRefused.
func ReadLogoutRequest(cfg Config, message string, now time.Time) (Closing, error) {
	verified, err := readLogout(cfg, message, "LogoutRequest", cfg.logout(), now)
	if err != nil {
		return Closing{}, refused(err)
	}
	if limit := verified.SelectAttrValue("NotOnOrAfter", ""); limit != "" {
		until, err := time.Parse(time.RFC3339, limit)
		if err != nil || !now.Before(until) {
			return Closing{}, refused(errors.New("expired"))
		}
	}
	name := verified.FindElement("./NameID")
	if name == nil || verified.SelectAttrValue("ID", "") == "" {
		return Closing{}, refused(errors.New("names no one"))
	}
	who := strings.TrimPrefix(strings.TrimSpace(name.Text()), "ES/ES/")
	if who == "" {
		return Closing{}, refused(errors.New("names no one"))
	}
	return Closing{verified.SelectAttrValue("ID", ""), who}, nil
}

// BuildLogoutResponse writes and signs the answer that says that the sessions have ended.
func BuildLogoutResponse(cfg Config, inResponseTo string, now time.Time) (xml string, err error) {
	response := logoutMessage(cfg, "LogoutResponse", "_"+rand.Text(), cfg.logout(), now)
	response.CreateAttr("InResponseTo", inResponseTo)
	response.CreateElement("saml2p:Status").AddChild(element("saml2p:StatusCode", "Value", statusSuccess))
	return signed(cfg, response)
}
