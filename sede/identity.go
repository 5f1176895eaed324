package sede

import (
	"strings"
	"time"
)

// Identity is who the gateway says the visitor is, how sure it is, and how it came to know.
type Identity struct {
	NIF          string // of citizens of another State, the whole eIDAS identifier, "CC/ES/…"
	GivenName    string
	FamilyName   string // both surnames
	FirstSurname string
	Level        string    // "low", "substantial" or "high"
	Method       string    // the gateway's word for it: SelectedIdP over SAML, amr over OpenID Connect
	At           time.Time // when the citizen identified themselves

	// The answer's status, set also when nobody was identified.
	StatusCode    string
	StatusReason  string // the second-level code, if any
	StatusMessage string
}

// FullName is the name as people say it.
func (who Identity) FullName() string { return strings.TrimSpace(who.GivenName + " " + who.FamilyName) }

// Masked is the NIF as it may stand on a screen that others see: four digits in the middle, as the Spanish data protection
// agency wants them.
func (who Identity) Masked() string { return masked(who.NIF) }

func masked(nif string) string {
	switch {
	case len(nif) != 9:
		return "***"
	case nif[0] >= 'A':
		return "****" + nif[4:8] + "*"
	}
	return "***" + nif[3:7] + "**"
}
