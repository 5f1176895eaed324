package sede_test

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"

	"clave/sede"
)

func TestRequestSaysWhatTheProfileWants(t *testing.T) {
	xml, id, err := sede.BuildRequest(config(), sede.Ask{RelayState: "relay-1", Level: "substantial", Fresh: true}, noon)
	if err != nil {
		t.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromString(xml); err != nil {
		t.Fatal(err)
	}
	root := doc.Root()
	for attribute, want := range map[string]string{
		"ID": id, "Version": "2.0", "IssueInstant": "2026-03-02T12:00:00Z", "ForceAuthn": "true",
		"Destination":                 "http://localhost:8100/Proxy2/ServiceProvider",
		"AssertionConsumerServiceURL": "http://127.0.0.1:8200/ReturnPage",
		"ProviderName":                "P2800000A_L01280000;SEDE",
	} {
		if got := root.SelectAttrValue(attribute, ""); got != want {
			t.Errorf("%s = %q, want %q", attribute, got, want)
		}
	}
	var children []string
	for _, child := range root.ChildElements() {
		children = append(children, child.FullTag())
	}
	want := []string{"ds:Signature", "saml2p:Extensions", "saml2p:NameIDPolicy", "saml2p:RequestedAuthnContext"}
	if diff := cmp.Diff(want, children); diff != "" {
		t.Error(diff)
	}
	for path, want := range map[string]string{
		"//eidas:SPType":               "public",
		"//eidas:AttributeValue":       "relay-1",
		"//saml2:AuthnContextClassRef": "http://eidas.europa.eu/LoA/substantial",
	} {
		if e := doc.FindElement(path); e == nil || e.Text() != want {
			t.Errorf("%s is not %q in %s", path, want, xml)
		}
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	_, first, _ := sede.BuildRequest(config(), sede.Ask{Level: "low"}, noon)
	_, second, _ := sede.BuildRequest(config(), sede.Ask{Level: "low"}, noon)
	if first == second {
		t.Error("two requests share an ID")
	}
}

func TestRequestRefusesUnknownLevel(t *testing.T) {
	if _, _, err := sede.BuildRequest(config(), sede.Ask{Level: "enormous"}, noon); err == nil {
		t.Error("a level that does not exist was asked for")
	}
}

// xmlsec1 is a second opinion: another implementation, in another language, agrees that the signature is good.
func TestRequestSignatureConvincesXmlsec(t *testing.T) {
	xml, _, err := sede.BuildRequest(config(), sede.Ask{RelayState: "relay & <state>", Level: "low"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	request := keep(t, "request.xml", []byte(xml))
	certificate := keep(t, "sede.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: keys()["sede"].certificate.Raw}))
	xmlsec(t, "--verify", "--id-attr:ID", "AuthnRequest", "--pubkey-cert-pem", certificate, "--enabled-key-data", "rsa", request)
}

func keep(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func xmlsec(t *testing.T, arguments ...string) {
	t.Helper()
	program, err := exec.LookPath("xmlsec1")
	if err != nil {
		t.Fatal("xmlsec1 is not installed: apt-get install xmlsec1 libxmlsec1-openssl")
	}
	if out, err := exec.Command(program, arguments...).CombinedOutput(); err != nil {
		t.Fatalf("xmlsec1 %v: %v\n%s", arguments, err, out)
	}
}
