package saml_test

import (
	"bufio"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/federation/saml"
	"clave/internal/login"

	saml2 "github.com/russellhaering/gosaml2"
	dsig "github.com/russellhaering/goxmldsig"
)

// The judges are other people's implementations, and play the service. A machine without them cannot say whether we are right, so the tests fail there.

func TestXmlsec1VerifiesOurs(t *testing.T) {
	if _, err := exec.LookPath("xmlsec1"); err != nil {
		t.Fatal("xmlsec1 is missing: apt-get install xmlsec1")
	}
	g, req := newGateway(noon), parsed(t, newRequest(), "_x8")
	for name, f := range map[string]saml.Form{"identity": must(g.Respond(t.Context(), newResult(req))), "failure": must(g.Fail(req, login.Failed))} {
		good := string(answer(t, f))
		bad := strings.Replace(strings.Replace(good, "00000000T", "00000001R", 1), "003002", "003003", 1)
		if out, err := xmlsec1(t, "protocol:Response", good); err != nil {
			t.Errorf("%s: %s", name, out)
		}
		if _, err := xmlsec1(t, "protocol:Response", bad); err == nil {
			t.Errorf("%s: the judge accepts a changed message: it judges nothing", name)
		}
	}
}

// xmlsec1 verifies a message whose root has this name.
func xmlsec1(t *testing.T, root, message string) (string, error) {
	dir := t.TempDir()
	file, cert := filepath.Join(dir, "message.xml"), filepath.Join(dir, "cert.pem")
	for path, content := range map[string]string{file: message, cert: gatewayKey().certPEM()} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "xmlsec1", "--verify", "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:"+root,
		"--trusted-pem", cert, file).CombinedOutput()
	return string(out), err
}

// The way of most Go services.
func TestGosaml2(t *testing.T) {
	sp := goService()
	doc := must(sp.BuildAuthRequestDocumentNoSig())
	doc.Root().CreateAttr("ProviderName", partyID)
	req, err := newGateway(noon).Parse(t.Context(), field(text(must(sp.SignAuthnRequest(doc.Root())))), "")
	if err != nil {
		t.Fatal(err)
	}
	if req.Party != partyID || req.Level != assurance.Substantial || req.ReturnTo != sp.AssertionConsumerServiceURL || !req.ForceAuthn {
		t.Errorf("request %+v", req)
	}
	f := must(newGateway(noon).Respond(t.Context(), newResult(req)))
	info, err := sp.RetrieveAssertionInfo(f.Fields[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	if info.NameID != "00000000T" || info.WarningInfo.InvalidTime || info.WarningInfo.NotInAudience || !info.ResponseSignatureValidated {
		t.Errorf("%+v, warnings %+v", info, info.WarningInfo)
	}
	if got := info.Values.Get("http://es.minhafp.clave/SelectedIdP"); got != "PIN24H" {
		t.Errorf("SelectedIdP %q", got)
	}
	denied := must(newGateway(noon).Fail(req, login.Denied))
	if info, err := sp.RetrieveAssertionInfo(denied.Fields[0].Value); err == nil {
		t.Errorf("takes a failure for %+v", info)
	}
}

func goService() *saml2.SAMLServiceProvider {
	sp := &saml2.SAMLServiceProvider{
		IdentityProviderSSOURL: destination, IdentityProviderIssuer: "https://clave.test", ServiceProviderIssuer: "https://sp.test/metadata",
		AssertionConsumerServiceURL: "https://sp.test/ReturnPage", AudienceURI: "https://sp.test/ReturnPage",
		SignAuthnRequests: true, SignAuthnRequestsAlgorithm: dsig.RSASHA256SignatureMethod, ForceAuthn: true,
		SignAuthnRequestsCanonicalizer: dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(""),
		RequestedAuthnContext:          &saml2.RequestedAuthnContext{Comparison: "minimum", Contexts: []string{"http://eidas.europa.eu/LoA/substantial"}},
		IDPCertificateStore:            &dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{gatewayKey().cert}},
		Clock:                          dsig.NewFakeClockAt(noon),
	}
	if err := sp.SetSPKeyStore(&saml2.KeyStore{Signer: service().key, Cert: service().cert.Raw}); err != nil {
		panic(err)
	}
	return sp
}

// The way of most Node.js services: a request of theirs, our answer to it, and the same answer once more. That service reads the clock itself.
func TestNodeSAML(t *testing.T) {
	s := startNodeService(t)
	g := newGateway(time.Now())
	req := s.request(t, g)
	if req.Party != partyID || req.Level != assurance.Low || len(req.Excluded) != 1 || req.RelayState != "_x8" || req.Echo["application"] != "NODE" {
		t.Errorf("request %+v", req)
	}
	f := must(g.Respond(t.Context(), newResult(req)))
	profile, ok := s.judge(t, f)["profile"].(map[string]any)
	if !ok {
		t.Fatal("refuses our answer")
	}
	for name, want := range map[string]string{
		"nameID": "00000000T", "nameIDFormat": persistent, "issuer": "https://clave.test",
		"http://eidas.europa.eu/attributes/naturalperson/CurrentFamilyName": "ÁLVAREZ & MUÑIZ DEL <OLMO>",
		"http://es.minhafp.clave/SelectedIdP":                               "PIN24H",
	} {
		if got := profile[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if again := s.judge(t, f); again["refused"] != "InResponseTo is not valid" {
		t.Errorf("the same answer again: %v", again)
	}
}

func TestNodeSAMLFailure(t *testing.T) {
	s, g := startNodeService(t), newGateway(time.Now())
	got := s.judge(t, must(g.Fail(s.request(t, g), login.Cancelled)))
	if got["refused"] != "SAML provider returned Responder error: 003002 - Authentication Failed" {
		t.Errorf("%v", got)
	}
}

func TestNodeSAMLJudges(t *testing.T) {
	s, g := startNodeService(t), newGateway(time.Now())
	f := must(g.Respond(t.Context(), newResult(s.request(t, g))))
	message := string(must(base64.StdEncoding.DecodeString(f.Fields[0].Value)))
	f.Fields[0].Value = field(strings.Replace(message, "00000000T", "00000001R", 1))
	if got := s.judge(t, f); got["refused"] != "Invalid document signature" {
		t.Errorf("a changed answer: %v", got)
	}
}

// nodeService is testdata/service.mjs at work.
type nodeService struct {
	in  io.Writer
	out *bufio.Reader
}

func startNodeService(t *testing.T) *nodeService {
	t.Helper()
	const folder = "../../../stories/browser"
	if _, err := os.Stat(folder + "/node_modules/@node-saml/node-saml"); err != nil {
		t.Fatal("node-saml is missing: npm ci in stories/browser")
	}
	cmd := exec.CommandContext(t.Context(), "node", "testdata/service.mjs", folder)
	cmd.Stderr = os.Stderr
	s := &nodeService{in: must(cmd.StdinPipe()), out: bufio.NewReader(must(cmd.StdoutPipe()))}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.in.(io.Closer).Close()
		if err := cmd.Wait(); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return s
}

func (s *nodeService) say(t *testing.T, line any) (reply map[string]any) {
	t.Helper()
	if _, err := s.in.Write(append(must(json.Marshal(line)), '\n')); err != nil {
		t.Fatal(err)
	}
	got, err := s.out.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got, &reply); err != nil {
		t.Fatal(err)
	}
	return reply
}

func (s *nodeService) request(t *testing.T, g *saml.Gateway) login.Request {
	t.Helper()
	form := s.say(t, nodeOptions(partyID))
	req, err := g.Parse(t.Context(), form["SAMLRequest"].(string), form["RelayState"].(string))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// nodeOptions are those of a service that reads what the Cl@ve profile answers: a signed Response with a plain assertion.
func nodeOptions(party string) map[string]any {
	return map[string]any{
		"entryPoint": destination, "callbackUrl": back, "issuer": "https://sp.test/metadata", "audience": back, "idpIssuer": "https://clave.test",
		"idpCert": gatewayKey().certPEM(), "privateKey": service().keyPEM(), "publicCert": service().certPEM(),
		"signatureAlgorithm": "sha512", "digestAlgorithm": "sha512", "authnRequestBinding": "HTTP-POST", "skipRequestCompression": true,
		"providerName": party + ";NODE", "identifierFormat": persistent, "forceAuthn": true, "validateInResponseTo": "always",
		"authnContext": []string{"http://eidas.europa.eu/LoA/low"}, "racComparison": "minimum",
		"wantAssertionsSigned": false, "wantAuthnResponseSigned": true, "samlAuthnRequestExtensions": nodeExtensions,
	}
}

func (s *nodeService) judge(t *testing.T, f saml.Form) map[string]any {
	t.Helper()
	return s.say(t, map[string]string{"SAMLResponse": f.Fields[0].Value, "RelayState": f.Fields[1].Value})
}

var nodeExtensions = map[string]any{
	"eidas:SPType": map[string]any{"@xmlns:eidas": "http://eidas.europa.eu/saml-extensions", "#text": "public"},
	"eidas:RequestedAttributes": map[string]any{
		"@xmlns:eidas":             "http://eidas.europa.eu/saml-extensions",
		"eidas:RequestedAttribute": map[string]any{"@FriendlyName": "AEATIdP", "@Name": claveName + "AEATIdP", "@isRequired": "false"},
	},
}
