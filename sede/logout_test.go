package sede_test

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/url"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"clave/sede"
)

// A word is what the gateway says about a logout: good is beyond reproach, and tests spoil it.
type word struct {
	Kind, Issuer, Destination, InResponseTo string
	ID, Issued, Until                       string
	NameID, Code, Reason                    string
	SignedBy                                string // empty: nobody
}

func order() word {
	return word{
		Kind: "LogoutRequest", Issuer: issuer, Destination: origin + "/Logout", ID: "_o1",
		Issued: noon.Format(time.RFC3339), Until: noon.Add(time.Minute).Format(time.RFC3339), NameID: "00000000T", SignedBy: "gateway",
	}
}

func done(id string) word {
	return word{
		Kind: "LogoutResponse", Issuer: issuer, Destination: origin + "/LogoutReturn", ID: "_r1", InResponseTo: id,
		Issued: noon.Format(time.RFC3339), Code: "urn:oasis:names:tc:SAML:2.0:status:Success", SignedBy: "gateway",
	}
}

var wordForm = template.Must(template.New("").Parse(`<saml2p:{{.Kind}} xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="{{.ID}}" Version="2.0" IssueInstant="{{.Issued}}" Destination="{{.Destination}}"
 {{- with .InResponseTo}} InResponseTo="{{.}}"{{end}}{{with .Until}} NotOnOrAfter="{{.}}"{{end}}><saml2:Issuer>{{.Issuer}}</saml2:Issuer>
{{- with .NameID}}<saml2:NameID>{{.}}</saml2:NameID>{{end}}
{{- if .Code}}<saml2p:Status><saml2p:StatusCode Value="{{.Code}}">{{with .Reason}}<saml2p:StatusCode Value="{{.}}"/>{{end}}</saml2p:StatusCode></saml2p:Status>{{end -}}
</saml2p:{{.Kind}}>`))

func (w word) encoded(t testing.TB) string {
	t.Helper()
	var text strings.Builder
	if err := wordForm.Execute(&text, w); err != nil {
		t.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text.String()); err != nil {
		t.Fatal(err)
	}
	if w.SignedBy != "" {
		signAs(t, doc, w.SignedBy, dsig.RSASHA512SignatureMethod)
	}
	return encode(t, doc)
}

// signIn lets a citizen in.
func (b *browser) signIn() {
	b.t.Helper()
	relayState, id := b.enter("cita")
	b.get(b.deliver(relayState, good(id).signed(b.t)).Header.Get("Location")).must(b.t, 303, "/mi-carpeta")
}

// say posts the gateway's word as a browser does from another site: without cookies.
func (b *browser) say(path string, fields url.Values) seen {
	b.t.Helper()
	return b.town.browser(b.t).visit("POST", path, fields, "Origin", "http://localhost:8100", "Sec-Fetch-Site", "cross-site")
}

func read(t *testing.T, encoded string) *etree.Element {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

func TestLogoutRequestSaysWhatTheProfileWants(t *testing.T) {
	xml, id, err := sede.BuildLogoutRequest(config(), noon)
	if err != nil {
		t.Fatal(err)
	}
	root := read(t, base64.StdEncoding.EncodeToString([]byte(xml)))
	name := root.FindElement("./NameID")
	for what, pair := range map[string][2]string{
		"ID": {root.SelectAttrValue("ID", ""), id}, "Destination": {root.SelectAttrValue("Destination", ""), "http://localhost:8100/Proxy2/ServiceProvider"},
		"Issuer": {root.FindElement("./Issuer").Text(), origin + "/LogoutReturn"}, "NameID": {name.Text(), "P2800000A_L01280000;SEDE"},
		"SPNameQualifier": {name.SelectAttrValue("SPNameQualifier", ""), origin + "/LogoutReturn"},
		"NotOnOrAfter":    {root.SelectAttrValue("NotOnOrAfter", ""), "2026-03-02T12:05:00Z"}, "after Issuer": {root.ChildElements()[1].Tag, "Signature"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s = %q, want %q", what, pair[0], pair[1])
		}
	}
	believed(t, "LogoutRequest", xml)
}

// believed asks xmlsec1, another implementation, whether the signature is good.
func believed(t *testing.T, kind, xml string) {
	t.Helper()
	certificate := keep(t, "sede.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: keys()["sede"].certificate.Raw}))
	xmlsec(t, "--verify", "--id-attr:ID", kind, "--pubkey-cert-pem", certificate, "--enabled-key-data", "rsa", keep(t, "message.xml", []byte(xml)))
}

func TestACitizenLeavesEverywhere(t *testing.T) {
	for name, row := range map[string]struct{ code, reason, says string }{
		"everywhere":  {"urn:oasis:names:tc:SAML:2.0:status:Success", "", "las de los demás servicios"},
		"but for one": {"urn:oasis:names:tc:SAML:2.0:status:Success", "urn:oasis:names:tc:SAML:2.0:status:PartialLogout", "no ha contestado"},
		"only here":   {"urn:oasis:names:tc:SAML:2.0:status:Responder", "", "sigue abierta"},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t).browser(t)
			b.signIn()
			page := b.visit("POST", "/salir-de-todo", nil).must(t, 200, `name="country" value="ES"`)
			b.get("/mi-carpeta").must(t, 303, "/") // whatever becomes of the rest
			request := field(t, page.body, "logoutRequest")
			if other := field(t, page.body, "samlRequestLogout"); other != request {
				t.Error("the two fields differ")
			}
			answer := done(read(t, request).SelectAttrValue("ID", ""))
			answer.Code, answer.Reason = row.code, row.reason
			form := url.Values{"logoutResponse": {answer.encoded(t)}, "RelayState": {field(t, page.body, "RelayState")}}
			back := b.say("/LogoutReturn", form).must(t, 303, "/fuera?vale=")
			b.get(back.Header.Get("Location")).must(t, 200, "Ha salido", row.says)
			b.say("/LogoutReturn", form).must(t, 403, "ya no vale")
		})
	}
}

func TestNobodyIsToldALogoutThatWasNot(t *testing.T) {
	b := open(t).browser(t)
	b.get("/fuera?vale=all").must(t, 303, "/")
	b.say("/LogoutReturn", url.Values{"logoutResponse": {done("_x").encoded(t)}}).must(t, 403)
}

func TestBadLogoutAnswersAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*word){
		"unsigned":          func(w *word) { w.SignedBy = "" },
		"signed by a thief": func(w *word) { w.SignedBy = "thief" },
		"to another":        func(w *word) { w.InResponseTo = "_other" },
		"to none":           func(w *word) { w.InResponseTo = "" },
		"elsewhere":         func(w *word) { w.Destination = origin + "/ReturnPage" },
		"another issuer":    func(w *word) { w.Issuer = "https://other.test" },
		"old":               func(w *word) { w.Issued = noon.Add(-6 * time.Minute).Format(time.RFC3339) },
		"without status":    func(w *word) { w.Code = "" },
		"a request":         func(w *word) { w.Kind = "LogoutRequest" },
	} {
		t.Run(name, func(t *testing.T) {
			w := done("_a1")
			spoil(&w)
			if outcome, err := sede.ReadLogoutResponse(config(), w.encoded(t), "_a1", noon); !errors.Is(err, sede.ErrRefused) || outcome != "" {
				t.Errorf("%q, %v", outcome, err)
			}
		})
	}
}

func TestTheGatewayClosesSessions(t *testing.T) {
	here := open(t)
	phone, desk := here.browser(t), here.browser(t)
	phone.signIn()
	desk.signIn()
	message := url.Values{"SAMLRequest": {order().encoded(t)}, "RelayState": {"01AB"}}
	page := phone.say("/Logout", message).must(t, 200, `value="01AB"`, "Continuar a Cl@ve")
	if got := page.Header.Get("Content-Security-Policy"); !strings.HasSuffix(got, "form-action http://localhost:8100") {
		t.Errorf("policy %q", got)
	}
	raw, _ := base64.StdEncoding.DecodeString(field(t, page.body, "SAMLResponse"))
	believed(t, "LogoutResponse", string(raw))
	response := read(t, field(t, page.body, "SAMLResponse"))
	code := response.FindElement("./Status/StatusCode").SelectAttrValue("Value", "")
	if response.SelectAttrValue("InResponseTo", "") != "_o1" || code != "urn:oasis:names:tc:SAML:2.0:status:Success" {
		t.Errorf("answered %s", raw)
	}
	for _, b := range []*browser{phone, desk} { // the order names the person, not a browser
		b.get("/mi-carpeta").must(t, 200, "Su sesión se cerró desde Cl@ve")
		b.get("/mi-carpeta").must(t, 303, "/")
	}
	phone.signIn()
	phone.say("/Logout", message).must(t, 403) // the same order again
	phone.get("/mi-carpeta").must(t, 200, "MARÍA GARCÍA LÓPEZ")
}

func TestForgedOrdersCloseNothing(t *testing.T) {
	b := open(t).browser(t)
	b.signIn()
	for name, spoil := range map[string]func(*word){
		"unsigned":          func(w *word) { w.SignedBy = "" },
		"signed by a thief": func(w *word) { w.SignedBy = "thief" },
		"elsewhere":         func(w *word) { w.Destination = "https://other.test/Logout" },
		"another issuer":    func(w *word) { w.Issuer = "https://other.test" },
		"old":               func(w *word) { w.Issued = noon.Add(-6 * time.Minute).Format(time.RFC3339) },
		"expired":           func(w *word) { w.Until = noon.Format(time.RFC3339) },
		"without a time":    func(w *word) { w.Issued = "" },
		"nobody's":          func(w *word) { w.NameID = "" },
		"a response":        func(w *word) { w.Kind = "LogoutResponse" },
	} {
		t.Run(name, func(t *testing.T) {
			w := order()
			w.ID = "_" + strings.ReplaceAll(name, " ", "-")
			spoil(&w)
			b.say("/Logout", url.Values{"SAMLRequest": {w.encoded(t)}}).must(t, 403, "No podemos aceptar")
			b.get("/mi-carpeta").must(t, 200, "MARÍA GARCÍA LÓPEZ")
		})
	}
	other := order()
	other.NameID = "99999999R"
	b.say("/Logout", url.Values{"SAMLRequest": {other.encoded(t)}}).must(t, 200)
	b.get("/mi-carpeta").must(t, 200, "MARÍA GARCÍA LÓPEZ")
}
