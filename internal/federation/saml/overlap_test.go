package saml_test

import (
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"clave/internal/federation/saml"
	"clave/internal/keyring"
	"clave/internal/xmlsig"
)

// While a service changes its key, both sign for it, logins and logouts alike; once the old one is dropped, it signs for nobody.
func TestTwoCertificatesOfAService(t *testing.T) {
	older, newer, neither := service(), successor(), stranger()
	for _, c := range []struct {
		name    string
		by      identity
		dropped bool
		want    error
	}{
		{"the old one", older, false, nil},
		{"the new one", newer, false, nil},
		{"another", neither, false, saml.ErrSignature},
		{"the new one alone", newer, true, nil},
		{"the old one, dropped", older, true, saml.ErrSignature},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, list := newGateway(noon), parties()
			for i := range list {
				if list[i].ID == movingParty && c.dropped {
					list[i].SAML.Certificates = list[i].SAML.Certificates[1:]
				}
			}
			g.Parties = list
			r := of(movingParty)
			r.by = &c.by
			if _, err := g.Parse(t.Context(), field(r.signed(t)), ""); !errors.Is(err, c.want) {
				t.Errorf("login: error %v, want %v", err, c.want)
			}
			bye := newBye().names(movingParty).from("https://moving.test/goodbye")
			bye.by = c.by
			if _, err := g.ParseLogout(t.Context(), bye.form(t)); !errors.Is(err, c.want) {
				t.Errorf("logout: error %v, want %v", err, c.want)
			}
		})
	}
}

// Our own key changes at a moment that services have been told of: each answer is signed by the key of its time, and the metadata lists both before.
func TestOurOwnKeyChanges(t *testing.T) {
	change := noon.Add(time.Hour)
	present := keyring.Signing{ID: "present", Signer: gatewayKey().key, Certificate: gatewayKey().cert}
	coming := keyring.Signing{ID: "coming", Signer: successor().key, Certificate: successor().cert, Since: change}
	for _, c := range []struct {
		name string
		now  time.Time
		by   *x509.Certificate
	}{{"before", change.Add(-time.Nanosecond), present.Certificate}, {"after", change, coming.Certificate}} {
		t.Run(c.name, func(t *testing.T) {
			g := newGateway(c.now)
			g.Signing = func(now time.Time) (keyring.Signing, error) {
				if now.Before(change) {
					return present, nil
				}
				return coming, nil
			}
			g.Signings = func() ([]keyring.Signing, error) { return []keyring.Signing{present, coming}, nil }
			req := parsed(t, newRequest(), "")
			message := []byte(text(tree(t, decodedField(t, must(g.Respond(t.Context(), newResult(req)))))))
			if _, err := xmlsig.Verify(must(xmlsig.Parse(message)), []*x509.Certificate{c.by}, noon); err != nil {
				t.Errorf("answer: %v", err)
			}
			told := must(xmlsig.Parse(must(g.Metadata())))
			root, err := xmlsig.Verify(told, []*x509.Certificate{c.by}, noon)
			if err != nil {
				t.Fatalf("metadata: %v", err)
			}
			listed := root.FindElements("//KeyDescriptor/KeyInfo/X509Data/X509Certificate")
			if len(listed) != 2 || listed[0].Text() != base64Of(c.by) {
				t.Errorf("%d certificates, the present one not first", len(listed))
			}
		})
	}
}
