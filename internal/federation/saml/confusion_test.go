package saml_test

import (
	"errors"
	"strings"
	"testing"

	"clave/internal/federation/saml"
	"clave/internal/xmlsig"

	"github.com/beevik/etree"
)

// messages of every kind, each rightly signed by the service, or by us.
func messages(t testing.TB) map[string]string {
	g := newGateway(noon)
	ours := must(g.LogoutRequest(partyOf(partyID), "00000000T", "01JD", ""))
	response := must(g.Respond(t.Context(), newResult(parsed(t, newRequest(), ""))))
	return map[string]string{
		"AuthnRequest": field(newRequest().signed(t)), "LogoutRequest": field(newBye().signed(t)), "LogoutResponse": field(newAnswer().signed(t)),
		"our LogoutRequest": ours.Fields[0].Value, "our Response": response.Fields[0].Value,
	}
}

// Each reader takes its own kind of message, in whichever of its fields, and no other.
func TestKindsAreNotConfused(t *testing.T) {
	g := newGateway(noon)
	for kind, message := range messages(t) {
		_, err := g.Parse(t.Context(), message, "")
		wantOnly(t, "Parse", kind, "AuthnRequest", err)
		for _, name := range []string{"logoutRequest", "samlRequestLogout", "SAMLRequest"} {
			_, err := g.ParseLogout(t.Context(), map[string]string{name: message})
			wantOnly(t, name, kind, "LogoutRequest", err)
		}
		for _, name := range []string{"logoutResponse", "samlResponseLogout", "SAMLResponse"} {
			_, _, _, err := g.ParseLogoutAnswer(t.Context(), map[string]string{name: message})
			wantOnly(t, name, kind, "LogoutResponse", err)
		}
	}
}

func wantOnly(t *testing.T, where, kind, want string, err error) {
	t.Helper()
	if kind == want && err != nil || kind != want && !errors.Is(err, saml.ErrMessage) && !(strings.HasPrefix(kind, "our ") && err != nil) {
		t.Errorf("%s in %s: error %v", kind, where, err)
	}
}

func TestPurposeOf(t *testing.T) {
	m := messages(t)
	for _, c := range []struct {
		name   string
		fields map[string]string
		want   saml.Purpose
		err    error
	}{
		{"login", map[string]string{"SAMLRequest": m["AuthnRequest"], "RelayState": "x"}, saml.AsksLogin, nil},
		{"login that cannot be read", map[string]string{"SAMLRequest": "!"}, saml.AsksLogin, nil},
		{"empty", map[string]string{"SAMLRequest": ""}, saml.AsksLogin, nil},
		{"logout", map[string]string{"SAMLRequest": m["LogoutRequest"]}, saml.AsksLogout, nil},
		{"logout after a declaration", map[string]string{"SAMLRequest": field("\ufeff<?xml version='1.0'?>\n<LogoutRequest>")}, saml.AsksLogout, nil},
		{"kits' logout", map[string]string{"logoutRequest": "", "country": "ES"}, saml.AsksLogout, nil},
		{"both logouts", map[string]string{"logoutRequest": "a", "samlRequestLogout": "b"}, saml.AsksLogout, nil},
		{"answer", map[string]string{"SAMLResponse": m["LogoutResponse"]}, saml.AnswersLogout, nil},
		{"kits' answer", map[string]string{"logoutResponse": "", "samlResponseLogout": ""}, saml.AnswersLogout, nil},
		{"request and answer", map[string]string{"SAMLRequest": "a", "SAMLResponse": "a"}, 0, saml.ErrMessage},
		{"logout and answer", map[string]string{"logoutRequest": "a", "logoutResponse": "a"}, 0, saml.ErrMessage},
		{"no message", map[string]string{"RelayState": "x"}, 0, saml.ErrEncoding},
		{"nothing", nil, 0, saml.ErrEncoding},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := saml.PurposeOf(c.fields); got != c.want || !errors.Is(err, c.err) {
				t.Errorf("%v, %v, want %v, %v", got, err, c.want, c.err)
			}
		})
	}
}

// Two messages in one form could be read one each by whoever looks and whoever decides.
func TestOneMessageInAForm(t *testing.T) {
	m := messages(t)
	another := field(newBye().set("ID", "_b2").signed(t))
	for name, fields := range map[string]map[string]string{
		"two requests":                    {"logoutRequest": m["LogoutRequest"], "samlRequestLogout": another},
		"a login beside it":               {"logoutRequest": m["LogoutRequest"], "SAMLRequest": m["AuthnRequest"]},
		"an answer beside it":             {"logoutRequest": m["LogoutRequest"], "SAMLResponse": m["LogoutResponse"]},
		"an empty one beside it":          {"logoutRequest": m["LogoutRequest"], "samlRequestLogout": ""},
		"the same in other base64":        {"logoutRequest": m["LogoutRequest"], "samlRequestLogout": m["LogoutRequest"] + "\n"},
		"an empty one before the message": {"logoutRequest": "", "samlRequestLogout": m["LogoutRequest"]},
	} {
		t.Run(name, func(t *testing.T) { wantNoLogout(t, fields, saml.ErrMessage) })
	}
	_, _, _, err := newGateway(noon).ParseLogoutAnswer(t.Context(), map[string]string{"SAMLResponse": m["LogoutResponse"], "logoutRequest": m["LogoutRequest"]})
	if !errors.Is(err, saml.ErrMessage) {
		t.Errorf("error %v", err)
	}
}

// capturedBye is a signed LogoutRequest in the hands of an attacker, who wants another address to be returned to.
func capturedBye(t testing.TB) (root, signature, evil *etree.Element) {
	t.Helper()
	root = tree(t, []byte(newBye().signed(t)))
	signature = root.SelectElement("ds:Signature")
	evil = tree(t, []byte(newBye().set("ID", "_evil").from("https://sp.test/session/evil").unsigned()))
	return root, signature, evil
}

func stripped(root *etree.Element) *etree.Element {
	c := root.Copy()
	c.RemoveChild(c.SelectElement("ds:Signature"))
	return c
}

// byeWrappings are those of TestPast20Wrapping that a LogoutRequest has room for.
var byeWrappings = []struct {
	name string
	wrap func(root, signature, evil *etree.Element) *etree.Element
	want saml.Error
}{
	{"original in the signature", func(root, signature, evil *etree.Element) *etree.Element {
		return first(evil, with(signature.Copy(), stripped(root)))
	}, saml.ErrSignature},
	{"original beside its signature", func(root, signature, evil *etree.Element) *etree.Element {
		return with(first(evil, signature.Copy()), stripped(root))
	}, saml.ErrSignature},
	{"signed original in the evil one", func(root, _, evil *etree.Element) *etree.Element { return with(evil, root.Copy()) }, saml.ErrSignature},
	{"original in Extensions", func(root, _, evil *etree.Element) *etree.Element {
		return with(evil, inside("saml2p:Extensions", root.Copy()))
	}, saml.ErrSignature},
	{"original in an Object", func(root, signature, evil *etree.Element) *etree.Element {
		return first(evil, with(signature.Copy(), inside("ds:Object", stripped(root))))
	}, saml.ErrSignature},
	{"one ID", func(root, signature, evil *etree.Element) *etree.Element {
		evil.CreateAttr("ID", "_b1")
		return first(evil, with(signature.Copy(), stripped(root)))
	}, saml.ErrXML},
	{"evil one with the signature", func(_, signature, evil *etree.Element) *etree.Element {
		evil.CreateAttr("ID", "_b1")
		return first(evil, signature.Copy())
	}, saml.ErrSignature},
	{"two signatures", func(root, signature, _ *etree.Element) *etree.Element { return first(root.Copy(), signature.Copy()) }, saml.ErrSignature},
	{"evil one alone", func(_, _, evil *etree.Element) *etree.Element { return evil }, saml.ErrSignature},
	{"signature taken off", func(root, _, _ *etree.Element) *etree.Element { return stripped(root) }, saml.ErrSignature},
	{"evil address in KeyInfo", func(root, _, _ *etree.Element) *etree.Element {
		evil := etree.NewElement("saml2:Issuer")
		evil.SetText("https://sp.test/session/evil")
		c := root.Copy()
		c.FindElement("Signature/KeyInfo").AddChild(evil)
		return c
	}, ""}, // is passed over with the rest of KeyInfo
}

// Row 20 of the past, in a logout: a good signature, and other content beside it.
func TestPast20WrappedLogout(t *testing.T) {
	for _, c := range byeWrappings {
		t.Run(c.name, func(t *testing.T) {
			message := map[string]string{"logoutRequest": field(text(c.wrap(capturedBye(t))))}
			if c.want != "" {
				wantNoLogout(t, message, c.want)
				return
			}
			if l, err := newGateway(noon).ParseLogout(t.Context(), message); err != nil || l.ReturnTo != goodbye {
				t.Errorf("%+v, error %v", l, err)
			}
		})
	}
}

// Rows 21, 22 and 25 of the past, in a logout: XML that parsers read differently, values decoded twice, document types.
func TestPast21LogoutXML(t *testing.T) {
	good := newBye().signed(t)
	for name, bad := range map[string]string{
		"comment in the name":  strings.Replace(good, partyID, partyID[:5]+"<!-- -->"+partyID[5:], 1),
		"an attribute twice":   strings.Replace(good, `Version="2.0"`, `Version="2.0" Version="2.0"`, 1),
		"undeclared prefix":    strings.Replace(good, "<saml2:NameID", "<x:y/><saml2:NameID", 1),
		"document type":        `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + good,
		"entity":               strings.Replace(good, partyID, "&x;", 1),
		"external entity":      `<!DOCTYPE a SYSTEM "http://127.0.0.1/">` + good,
		"CDATA":                strings.Replace(good, partyID, "<![CDATA["+partyID+"]]>", 1),
		"a line in an address": strings.Replace(good, `Destination="https`, "Destination=\"\nhttps", 1),
	} {
		t.Run(name, func(t *testing.T) { wantNoLogout(t, map[string]string{"logoutRequest": field(bad)}, saml.ErrXML) })
	}
	wantNoLogout(t, map[string]string{"logoutRequest": field(good + strings.Repeat(" ", xmlsig.MaxSize))}, saml.ErrSize)
}

func TestPast22LogoutPercentEncoded(t *testing.T) {
	message := field(newBye().signed(t))
	for _, bad := range []string{"%50" + message[1:], strings.ReplaceAll(message+"=", "=", "%3D"), "=" + message, ""} {
		wantNoLogout(t, map[string]string{"logoutRequest": bad}, saml.ErrEncoding)
	}
}

// Row 23 of the past: no logout without a signature, whatever the message says about that, and nothing encrypted comes in with it.
func TestPast23LogoutUnsigned(t *testing.T) {
	wantNoLogout(t, map[string]string{"logoutRequest": field(newBye().unsigned())}, saml.ErrSignature)
	wantNoLogout(t, map[string]string{"logoutRequest": field(newBye().set("LogoutRequestsSigned", "false").unsigned())}, saml.ErrSignature)
	wantNoLogout(t, map[string]string{"logoutRequest": field(newBye().names(unkeyedParty).unsigned())}, saml.ErrSignature)
	wantNoLogout(t, map[string]string{"logoutRequest": field(newBye().ofNode().unsigned())}, saml.ErrSignature)
}
