package sede_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"
	dsig "github.com/russellhaering/goxmldsig"

	"clave/sede"
)

var maria = sede.Identity{
	NIF: "00000000T", GivenName: "MARÍA", FamilyName: "GARCÍA LÓPEZ", FirstSurname: "GARCÍA",
	Level: "substantial", Method: "PIN24H", At: noon,
	StatusCode:    "urn:oasis:names:tc:SAML:2.0:status:Success",
	StatusMessage: "urn:oasis:names:tc:SAML:2.0:status:Success",
}

func TestResponseTellsWhoItIs(t *testing.T) {
	for _, method := range []string{dsig.RSASHA512SignatureMethod, dsig.RSASHA256SignatureMethod} {
		a := good("_a1")
		a.Method = method
		who, err := sede.ReadResponse(config(), encode(t, a.signed(t)), "_a1", noon)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(maria, who); diff != "" {
			t.Error(diff)
		}
	}
}

func TestResponseIdentifiers(t *testing.T) {
	for in, want := range map[string]string{"ES/ES/00000000T": "00000000T", "DE/ES/abc-1": "DE/ES/abc-1"} {
		a := good("_a1")
		a.NIF = in
		who, err := sede.ReadResponse(config(), encode(t, a.signed(t)), "_a1", noon)
		if err != nil || who.NIF != want {
			t.Errorf("%q read as %q, %v; want %q", in, who.NIF, err, want)
		}
	}
}

func TestResponseFromAClockSlightlyAhead(t *testing.T) {
	a := good("_a1")
	a.NotBefore = noon.Add(time.Minute).Format(time.RFC3339)
	if _, err := sede.ReadResponse(config(), encode(t, a.signed(t)), "_a1", noon); err != nil {
		t.Error(err)
	}
}

func TestResponseWithoutAnyone(t *testing.T) {
	who, err := sede.ReadResponse(config(), encode(t, declined("_a1").signed(t)), "_a1", noon)
	want := sede.Identity{
		StatusCode:    "urn:oasis:names:tc:SAML:2.0:status:Responder",
		StatusReason:  "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed",
		StatusMessage: "003002 - Authentication Failed",
	}
	if diff := cmp.Diff(want, who); diff != "" || !errors.Is(err, sede.ErrNobody) {
		t.Errorf("%v\n%s", err, diff)
	}
}

// Each row spoils one thing in an answer that is otherwise good and well signed.
func TestBadResponsesAreRefused(t *testing.T) {
	past := noon.Add(-time.Hour).Format(time.RFC3339)
	future := noon.Add(61 * time.Second).Format(time.RFC3339)
	rows := []struct {
		name  string
		spoil func(*answer)
		why   string
	}{
		{"answers another request", func(a *answer) { a.InResponseTo = "_other" }, "another request"},
		{"answers no request", func(a *answer) { a.InResponseTo = "" }, "another request"},
		{"subject of another request", func(a *answer) { a.Confirms = "_other" }, "another request"},
		{"other destination", func(a *answer) { a.Destination = "https://other.test/ReturnPage" }, "destination"},
		{"no destination", func(a *answer) { a.Destination = "" }, "destination"},
		{"other recipient", func(a *answer) { a.Recipient = "https://other.test/ReturnPage" }, "Recipient"},
		{"other audience", func(a *answer) { a.Audience = "https://other.test/ReturnPage" }, "audience"},
		{"no audience", func(a *answer) { a.NoAudience = true }, "audience"},
		{"other issuer", func(a *answer) { a.Issuer = "https://other.test" }, "issuer"},
		{"other issuer inside", func(a *answer) { a.AssertionIssuer = "https://other.test" }, "Issuer"},
		{"expired", func(a *answer) { a.Until = past }, "Expired"},
		{"expires now", func(a *answer) { a.Until = noon.Format(time.RFC3339) }, "time window"},
		{"not yet", func(a *answer) { a.NotBefore = future }, "time window"},
		{"level too low", func(a *answer) { a.Level = "low" }, "level"},
		{"unknown level", func(a *answer) { a.Level = "enormous" }, "level"},
		{"nobody's name", func(a *answer) { a.NIF = "" }, "no one"},
		{"no assertion", func(a *answer) { a.NoAssertion = true }, "assertion"},
		{"two assertions", func(a *answer) { a.Two = true }, "assertion"},
		{"SHA-1", func(a *answer) { a.Method = dsig.RSASHA1SignatureMethod }, "SignatureMethod"},
		{"signed by a thief", func(a *answer) { a.SignedBy = "thief" }, "certificate"},
	}
	cfg := config()
	cfg.Level = "substantial"
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			a := good("_a1")
			row.spoil(&a)
			refuses(t, cfg, encode(t, a.signed(t)), row.why)
		})
	}
}

func refuses(t *testing.T, cfg sede.Config, response, why string) {
	t.Helper()
	who, err := sede.ReadResponse(cfg, response, "_a1", noon)
	if !errors.Is(err, sede.ErrRefused) || !strings.Contains(err.Error(), why) {
		t.Errorf("error %v, want a refusal for %q", err, why)
	}
	if who != (sede.Identity{}) {
		t.Errorf("a refused answer still says %+v", who)
	}
}

// An answer about nobody must be as true as one about somebody: else anyone could tell a citizen that the gateway failed.
func TestDeclinedIsCheckedToo(t *testing.T) {
	a := declined("_a1")
	refuses(t, config(), encode(t, a.unsigned(t)), "0 signatures")
	a.InResponseTo = "_other"
	refuses(t, config(), encode(t, a.signed(t)), "another request")
}

func TestPast20WrappedSignatures(t *testing.T) {
	forged := good("_a1")
	forged.NIF = "99999999R"
	wrap := func(place func(evil *etree.Element, real *etree.Element, signature *etree.Element)) string {
		evil, real := forged.unsigned(t), good("_a1").signed(t)
		place(evil.Root(), real.Root(), real.FindElement("//Signature"))
		return encode(t, evil)
	}
	rows := map[string]string{
		"unsigned":             encode(t, forged.unsigned(t)),
		"signature moved over": wrap(func(evil, _, signature *etree.Element) { evil.InsertChildAt(1, signature) }),
		"real one inside": wrap(func(evil, real, _ *etree.Element) {
			evil.CreateAttr("ID", "_evil")
			evil.CreateElement("saml2p:Extensions").AddChild(real)
		}),
		"real one inside the signature": wrap(func(evil, real, signature *etree.Element) {
			evil.CreateAttr("ID", "_evil")
			evil.InsertChildAt(1, signature)
			signature.CreateElement("ds:Object").AddChild(real)
		}),
		"assertion added": func() string {
			doc := good("_a1").signed(t)
			doc.Root().AddChild(forged.unsigned(t).FindElement("//Assertion"))
			return encode(t, doc)
		}(),
		"name changed": func() string {
			doc := good("_a1").signed(t)
			doc.FindElement("//AttributeValue").SetText("99999999R")
			return encode(t, doc)
		}(),
	}
	for name, response := range rows {
		t.Run(name, func(t *testing.T) { refuses(t, config(), response, "") })
	}
}

func TestPast24ExpiredGatewayCertificate(t *testing.T) {
	response := encode(t, good("_a1").signed(t))
	if _, err := sede.ReadResponse(config(), response, "_a1", noon.AddDate(2, 0, 0)); !errors.Is(err, sede.ErrRefused) {
		t.Errorf("signed with a certificate out of date: %v", err)
	}
}

func TestPast25Entities(t *testing.T) {
	bomb := `<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]><r>&e;</r>`
	for _, response := range []string{"", "%%%", base64.StdEncoding.EncodeToString([]byte(bomb)), base64.StdEncoding.EncodeToString([]byte("<r"))} {
		refuses(t, config(), response, "")
	}
}

// The real gateway lists prefixes for exclusive canonicalization, which goxmldsig reads but cannot write: xmlsec1 signs here.
func TestResponseSignedWithPrefixList(t *testing.T) {
	doc := good("_a1").unsigned(t)
	form := etree.NewDocument()
	if err := form.ReadFromString(signatureForm); err != nil {
		t.Fatal(err)
	}
	doc.Root().InsertChildAt(doc.FindElement("/Response/Issuer").Index()+1, form.Root())
	raw, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	key := keep(t, "gateway.key", pem.EncodeToMemory(
		&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(keys()["gateway"].key)}))
	out := filepath.Join(t.TempDir(), "signed.xml")
	xmlsec(t, "--sign", "--id-attr:ID", "Response", "--privkey-pem", key, "--output", out, keep(t, "unsigned.xml", raw))

	signed, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	who, err := sede.ReadResponse(config(), base64.StdEncoding.EncodeToString(signed), "_a1", noon)
	if err != nil || who != maria {
		t.Errorf("%+v, %v", who, err)
	}
}

const signatureForm = `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"/>
<ds:Reference URI="#_r"><ds:Transforms>
<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces
 xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="eidas-natural xs"/></ds:Transform></ds:Transforms>
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha512"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>
<ds:SignatureValue/></ds:Signature>`

// FuzzReadResponse looks for an answer that is believed although the gateway did not sign it so.
func FuzzReadResponse(f *testing.F) {
	for _, a := range []answer{good("_a1"), declined("_a1")} {
		for _, doc := range []*etree.Document{a.signed(f), a.unsigned(f)} {
			raw, err := doc.WriteToBytes()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		who, err := sede.ReadResponse(config(), base64.StdEncoding.EncodeToString(raw), "_a1", noon)
		if err == nil && who != maria {
			t.Errorf("believed: %+v", who)
		}
	})
}
