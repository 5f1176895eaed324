package saml_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/federation/saml"
	"clave/internal/login"
	"clave/internal/relying"
	"clave/internal/xmlsig"

	dsig "github.com/russellhaering/goxmldsig"
)

// answered is what a party gets whose request was this.
func answered(t testing.TB, r request) (saml.Form, []byte) {
	t.Helper()
	f, err := newGateway(noon).Respond(t.Context(), newResult(parsed(t, r, "_x8")))
	if err != nil {
		t.Fatal(err)
	}
	return f, must(base64.StdEncoding.DecodeString(f.Fields[0].Value))
}

func of(party string) request { return newRequest().set("ProviderName", party) }

// Nothing of the person can be read outside the encryption; inside it is an assertion that we signed, in a Response that we signed.
func TestEncryptedAssertion(t *testing.T) {
	_, message := answered(t, of(sealedParty))
	doc := must(xmlsig.Parse(message))
	root, err := xmlsig.Verify(doc, []*x509.Certificate{gatewayKey().cert}, noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, private := range []string{"00000000T", "BEGO", "192.0.2.1", "PIN24H", "<saml2:Assertion"} {
		if bytes.Contains(message, []byte(private)) {
			t.Errorf("%s can be read", private)
		}
	}
	for path, want := range map[string]string{
		"EncryptedAssertion/EncryptedData/EncryptionMethod":                      "http://www.w3.org/2009/xmlenc11#aes256-gcm",
		"EncryptedAssertion/EncryptedData/KeyInfo/EncryptedKey/EncryptionMethod": "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
	} {
		if got := root.FindElement(path).SelectAttrValue("Algorithm", ""); got != want {
			t.Errorf("%s is %q", path, got)
		}
	}
	inside, err := xmlsig.Decrypt(root.FindElement("EncryptedAssertion/EncryptedData"), service().key)
	if err != nil {
		t.Fatal(err)
	}
	assertion, err := xmlsig.Verify(inside, []*x509.Certificate{gatewayKey().cert}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if got := look(assertion, "//NameID"); got != "00000000T" {
		t.Errorf("NameID %q", got)
	}
}

// A certificate that cannot be encrypted for stops the answer: it never leaves plain instead.
func TestNeverPlainInstead(t *testing.T) {
	g := newGateway(noon)
	list := parties()
	for i := range list {
		if list[i].ID == sealedParty {
			list[i].SAML.Encrypt = curve().cert
		}
	}
	g.Parties = list
	if f, err := g.Respond(t.Context(), newResult(parsed(t, of(sealedParty), ""))); !errors.Is(err, xmlsig.ErrKey) || f.Fields != nil {
		t.Errorf("%v, %v", f, err)
	}
}

func TestGosaml2ReadsEncrypted(t *testing.T) {
	sp := goService()
	sp.SPKeyStore = dsig.TLSCertKeyStore(tls.Certificate{Certificate: [][]byte{service().cert.Raw}, PrivateKey: service().key})
	for _, party := range []string{sealedParty, untypedParty} {
		f, _ := answered(t, of(party))
		info, err := sp.RetrieveAssertionInfo(f.Fields[0].Value)
		if err != nil {
			t.Fatalf("%s: %v", party, err)
		}
		if info.NameID != "00000000T" || info.WarningInfo.InvalidTime || info.WarningInfo.NotInAudience || !info.ResponseSignatureValidated {
			t.Errorf("%s: %+v, warnings %+v", party, info, info.WarningInfo)
		}
		if got := info.Values.Get("http://es.minhafp.clave/FirstSurname"); got != "ÁLVAREZ & MUÑIZ" {
			t.Errorf("%s: FirstSurname %q", party, got)
		}
	}
}

// Software as it comes: it wants Response and assertion signed, and decrypts with one key.
func TestNodeReadsEncryptedAndUntyped(t *testing.T) {
	for party, more := range map[string]map[string]any{
		sealedParty:  {"wantAssertionsSigned": true, "decryptionPvk": service().keyPEM()},
		untypedParty: {"wantAssertionsSigned": true},
	} {
		t.Run(party, func(t *testing.T) {
			s, g, options := startNodeService(t), newGateway(time.Now()), nodeOptions(party)
			for name, value := range more {
				options[name] = value
			}
			form := s.say(t, options)
			req := must(g.Parse(t.Context(), form["SAMLRequest"].(string), form["RelayState"].(string)))
			profile, ok := s.judge(t, must(g.Respond(t.Context(), newResult(req))))["profile"].(map[string]any)
			if !ok {
				t.Fatal("refuses our answer")
			}
			if profile["nameID"] != "00000000T" || profile["http://es.minhafp.clave/SelectedIdP"] != "PIN24H" {
				t.Errorf("%v", profile)
			}
		})
	}
}

// Every value of the untyped profile is a plain string, and no other type is spoken of.
func TestUntyped(t *testing.T) {
	_, message := answered(t, of(untypedParty))
	root := tree(t, message)
	for _, value := range root.FindElements("//AttributeValue") {
		if kind := value.SelectAttrValue("xsi:type", ""); kind != "xs:string" {
			t.Errorf("a value of type %q", kind)
		}
	}
	golden(t, "testdata/untyped.golden.xml", steady(message))
}

// What goes to a service is what is registered for it and what the person was shown, whichever is less.
func TestAttributesReleased(t *testing.T) {
	both, nif := relying.Attributes, []relying.Attribute{relying.NIF}
	for _, c := range []struct {
		name  string
		party string
		shown []relying.Attribute
		want  string // "" when there is no answer
	}{
		{"all", partyID, both, "PersonIdentifier FirstName FamilyName FirstSurname SelectedIdP"},
		{"the names not shown", partyID, nif, "PersonIdentifier SelectedIdP"},
		{"the names not registered", nifOnlyParty, both, "PersonIdentifier SelectedIdP"},
		{"the NIF not shown", partyID, both[1:], ""},
		{"the NIF not registered", namesOnlyParty, both, ""},
		{"nothing shown", partyID, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRequest()
			r.extensions = ""
			req := parsed(t, r, "")
			req.Party, req.Released = c.party, c.shown
			f, err := newGateway(noon).Respond(t.Context(), newResult(req))
			if c.want == "" {
				if !errors.Is(err, saml.ErrResult) {
					t.Errorf("error %v", err)
				}
				return
			}
			var told []string
			for _, a := range tree(t, answer(t, f)).FindElements("//Attribute") {
				told = append(told, a.SelectAttrValue("FriendlyName", ""))
			}
			if got := strings.Join(told, " "); err != nil || got != c.want {
				t.Errorf("told %q, error %v, want %q", got, err, c.want)
			}
		})
	}
}

// A service that was struck off, or whose address was, while the person typed gets nothing.
func TestRespondToTheRegisteredOnly(t *testing.T) {
	r := newResult(parsed(t, newRequest(), ""))
	for want, bend := range map[error]func(*login.Request){
		relying.ErrUnknown: func(q *login.Request) { q.Party = "S9999999Z_E99999999" },
		saml.ErrResult:     func(q *login.Request) { q.ReturnTo = "https://sp.test/elsewhere" },
	} {
		changed := r
		bend(&changed.Login.Request)
		if f, err := newGateway(noon).Respond(t.Context(), changed); !errors.Is(err, want) || f.Fields != nil {
			t.Errorf("%v, %v, want %v", f, err, want)
		}
	}
}

// Asked and reached, both ways: a level is told as it was reached, never as it was asked, and below what was asked nobody is identified.
func TestLevels(t *testing.T) {
	const name = "http://eidas.europa.eu/LoA/"
	levels := []assurance.Level{assurance.Low, assurance.Substantial, assurance.High}
	for _, asked := range levels {
		r := newRequest()
		r.context = authnContext("minimum", name+asked.String())
		req := parsed(t, r, "")
		if req.Level != asked {
			t.Errorf("%v read as %v", asked, req.Level)
		}
		for _, reached := range levels {
			result := newResult(req)
			result.Level = reached
			f, err := newGateway(noon).Respond(t.Context(), result)
			if reached < asked {
				if !errors.Is(err, saml.ErrResult) {
					t.Errorf("%v for %v: error %v", reached, asked, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := look(tree(t, answer(t, f)), "//AuthnContextClassRef"); got != name+reached.String() {
				t.Errorf("%v for %v is told as %q", reached, asked, got)
			}
		}
	}
}
