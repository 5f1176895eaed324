package saml_test

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"clave/internal/federation/saml"
	"clave/internal/login"
	"clave/internal/relying"
	"clave/internal/secret"
)

// Requests that are signed by their service, and refused.
var refused = []struct {
	name string
	bend func(*request)
	want saml.Error
}{
	{"another gateway", func(r *request) { *r = r.set("Destination", "https://other.test/Proxy2/ServiceProvider") }, saml.ErrDestination},
	{"destination beginning with ours", func(r *request) { *r = r.set("Destination", destination+"/") }, saml.ErrDestination},
	{"destination in capitals", func(r *request) { *r = r.set("Destination", strings.ToUpper(destination)) }, saml.ErrDestination},
	{"no destination", func(r *request) { *r = r.drop("Destination") }, saml.ErrDestination},

	{"six minutes old", func(r *request) { *r = r.set("IssueInstant", "2026-01-01T11:54:00Z") }, saml.ErrStale},
	{"a millisecond too old", func(r *request) { *r = r.set("IssueInstant", "2026-01-01T11:54:59.999Z") }, saml.ErrStale},
	{"from the future", func(r *request) { *r = r.set("IssueInstant", "2026-01-01T12:05:00.001") }, saml.ErrStale},
	{"from the last age", func(r *request) { *r = r.set("IssueInstant", "0001-01-01T00:00:00Z") }, saml.ErrStale},
	{"no instant", func(r *request) { *r = r.drop("IssueInstant") }, saml.ErrMessage},
	{"a date for an instant", func(r *request) { *r = r.set("IssueInstant", "2026-01-01") }, saml.ErrMessage},

	{"no provider", func(r *request) { *r = r.drop("ProviderName") }, saml.ErrParty},
	{"nobody's provider", func(r *request) { *r = r.set("ProviderName", ";DEMO") }, saml.ErrParty},
	{"unknown provider", func(r *request) { *r = r.set("ProviderName", "S9999999Z_E99999999;DEMO") }, saml.ErrParty},
	{"provider in small letters", func(r *request) { *r = r.set("ProviderName", strings.ToLower(partyID)) }, saml.ErrParty},
	{"long provider", func(r *request) { *r = r.set("ProviderName", partyID+";"+strings.Repeat("x", 256)) }, saml.ErrSize},

	{"answer in the address", func(r *request) {
		*r = r.set("ProtocolBinding", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect")
	}, saml.ErrBinding},
	{"version 1.1", func(r *request) { *r = r.set("Version", "1.1") }, saml.ErrMessage},
	{"perhaps force", func(r *request) { *r = r.set("ForceAuthn", "perhaps") }, saml.ErrMessage},
	{"perhaps passive", func(r *request) { *r = r.set("IsPassive", "TRUE") }, saml.ErrMessage},
	{"long ID", func(r *request) { *r = r.set("ID", "_"+strings.Repeat("a", 128)) }, saml.ErrSize},
	{"long return address", func(r *request) {
		*r = r.set("AssertionConsumerServiceURL", "https://sp.test/session/"+strings.Repeat("a", 512))
	}, saml.ErrSize},
	{"more than a cookie carries", func(r *request) { r.extensions = extensions(asksValue("RelayState", strings.Repeat("a", 1900))) }, saml.ErrSize},
	{"more than a cookie carries, escaped", func(r *request) { r.extensions = extensions(asksValue("RelayState", strings.Repeat("&lt;", 400))) }, saml.ErrSize},

	{"exactly a level", func(r *request) { r.context = authnContext("exact", "http://eidas.europa.eu/LoA/low") }, saml.ErrLevel},
	{"two levels", func(r *request) {
		r.context = authnContext("minimum", "http://eidas.europa.eu/LoA/low", "http://eidas.europa.eu/LoA/high")
	}, saml.ErrLevel},
	{"no level in the context", func(r *request) { r.context = authnContext("minimum") }, saml.ErrLevel},
	{"a level that is none", func(r *request) {
		r.context = authnContext("minimum", "urn:oasis:names:tc:SAML:2.0:ac:classes:Password")
	}, saml.ErrLevel},
	{"two contexts", func(r *request) { r.context += r.context }, saml.ErrMessage},
	{"an e-mail address for a name", func(r *request) { r.policy = policy("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress") }, saml.ErrNameID},
	{"two policies", func(r *request) { r.policy += r.policy }, saml.ErrMessage},
	{"two states as attributes", func(r *request) {
		r.extensions = extensions(asksValue("RelayState", "a"), asksValue("RelayState", "b"))
	}, saml.ErrMessage},
	{"elements for a state", func(r *request) { r.extensions = extensions(asksValue("RelayState", "a<eidas:b/>c")) }, saml.ErrMessage},
	{"something else requested", func(r *request) { r.extensions = extensions("<eidas:Everything/>") }, saml.ErrMessage},
	{"two extensions", func(r *request) { r.extensions += r.extensions }, saml.ErrMessage},
	{"a subject", func(r *request) {
		r.context += "<saml2:Subject><saml2:NameID>00000000T</saml2:NameID></saml2:Subject>"
	}, saml.ErrMessage},
}

func TestParseRefuses(t *testing.T) {
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			r := newRequest()
			c.bend(&r)
			wantRefused(t, field(r.signed(t)), "", c.want)
		})
	}
}

// wantRefused also wants that a refusal leaves nothing to go on with.
func wantRefused(t *testing.T, samlRequest, relayState string, want saml.Error) {
	t.Helper()
	req, err := newGateway(noon).Parse(t.Context(), samlRequest, relayState)
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
	if req.ID != "" || req.Party != "" || req.ReturnTo != "" {
		t.Errorf("refused, but returned %+v", req)
	}
}

func TestParseRefusesOtherRoots(t *testing.T) {
	for _, name := range []string{"Response", "LogoutRequest", "AuthnRequests"} {
		wantRefused(t, field(strings.ReplaceAll(newRequest().signed(t), "saml2p:AuthnRequest", "saml2p:"+name)), "", saml.ErrMessage)
	}
	wantRefused(t, field(strings.ReplaceAll(newRequest().signed(t), "SAML:2.0:protocol", "SAML:3.0:protocol")), "", saml.ErrMessage)
}

// Software made for the redirect binding compresses what it posts. Nothing of it is read, but the log is to say what to change.
func TestDeflated(t *testing.T) {
	message := newRequest().signed(t)
	for _, c := range []struct {
		name    string
		message []byte
		want    saml.Error
	}{
		{"a whole request", deflated(t, message), saml.ErrDeflated},
		{"half a request", deflated(t, message)[:900], saml.ErrDeflated},
		{"what inflates to something else", deflated(t, "hello"), saml.ErrXML},
		{"what does not inflate", []byte("hello"), saml.ErrXML},
		{"what inflates without end", deflated(t, strings.Repeat(" ", 1<<20)), saml.ErrXML},
	} {
		t.Run(c.name, func(t *testing.T) { wantRefused(t, field(string(c.message)), "", c.want) })
	}
	wantNoLogout(t, map[string]string{"logoutRequest": field(string(deflated(t, message)))}, saml.ErrDeflated)
}

func deflated(t *testing.T, message string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := must(flate.NewWriter(&b, flate.DefaultCompression))
	if _, err := w.Write([]byte(message)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A clock that is wrong is the usual reason for a stale request; the error says by how much.
func TestSkewed(t *testing.T) {
	for at, want := range map[string]time.Duration{"2026-01-01T11:50:00Z": 10 * time.Minute, "2026-01-01T13:00:00Z": -time.Hour} {
		_, err := newGateway(noon).Parse(t.Context(), field(newRequest().set("IssueInstant", at).signed(t)), "")
		if got, ok := errors.AsType[saml.Skewed](err); !ok || got.Behind != want || saml.Code(err) != "stale" {
			t.Errorf("%s: error %v, behind by %v", at, err, got.Behind)
		}
	}
}

// Row 16 of the past (CVE-2026-7504, CVE-2024-8883): addresses that look registered and are not.
func TestPast16ReturnAddress(t *testing.T) {
	for _, address := range []string{
		"", "https://sp.test/", "https://sp.test/ReturnPage/", "https://sp.test/ReturnPage?x", "https://sp.test/ReturnPage#x", "http://sp.test/ReturnPage",
		"https://user@sp.test/ReturnPage", "https://sp.test@evil.test/ReturnPage", "https://sp.test/session/@evil.test/../../x",
		"https://sp.test/session/%2e%2e/ReturnPage", "https://sp.test/session/..%2fx", "https://sp.test/session/../x", "https://sp.test/session/*/..",
		"https://sp.test/session", "https://sp.test/sessions/1", "https://SP.test/ReturnPage", "https://sp.test.evil.test/ReturnPage",
		`https://sp.test\@evil.test/ReturnPage`, "https://sp.test/session//evil.test", "//sp.test/ReturnPage", "/ReturnPage",
		"javascript:alert(1)", "data:text/html,x", "https://third.test/", "http://localhost/ReturnPage", "https://sp.test/*",
	} {
		t.Run(address, func(t *testing.T) {
			wantRefused(t, field(newRequest().set("AssertionConsumerServiceURL", address).signed(t)), "", saml.ErrReturn)
		})
	}
	wantRefused(t, field(newRequest().drop("AssertionConsumerServiceURL").signed(t)), "", saml.ErrReturn)
	wantRefused(t, field(newRequest().set("AssertionConsumerServiceURL", "https://sp.test/session/a\nb").signed(t)), "", saml.ErrReturn)
}

// Row 22 of the past (CVE-2026-117691): a value that is decoded once more than others decode it.
func TestPast22PercentEncoded(t *testing.T) {
	message := field(newRequest().signed(t))
	for _, bad := range []string{
		"%50" + message[1:], strings.ReplaceAll(message, "=", "%3D") + "%3D", field(message), "=" + message, message + "====", " " + message,
		base64.URLEncoding.EncodeToString([]byte("<\xff\xff\xff>")), "",
	} {
		_, err := newGateway(noon).Parse(t.Context(), bad, "")
		if !errors.Is(err, saml.ErrEncoding) && !errors.Is(err, saml.ErrXML) {
			t.Errorf("%.20q: error %v", bad, err)
		}
	}
}

// The relay state is the service's own: any text is carried, up to what a login holds.
func TestRelayState(t *testing.T) {
	for _, state := range []string{"", "_x8", strings.Repeat("é", login.MaxRelay/2), `"><script>alert(1)</script>`, "a\r\nb", "https://sp.test/?a=1&b=2"} {
		f, err := newGateway(noon).Respond(t.Context(), newResult(parsed(t, newRequest(), state)))
		if err != nil {
			t.Fatal(err)
		}
		if given := len(f.Fields) == 2; given != (state != "") || given && f.Fields[1] != (saml.Field{Name: "RelayState", Value: state}) {
			t.Errorf("%q: fields %v", state, f.Fields[1:])
		}
	}
	message := field(newRequest().signed(t))
	wantRefused(t, message, strings.Repeat("a", login.MaxRelay+1), saml.ErrSize)
	wantRefused(t, message, "a\x00b", saml.ErrEncoding)
	wantRefused(t, message, "a\xffb", saml.ErrEncoding)
}

// Posted again, even with another state, a request is still the same one to the broker, which answers each once.
func TestReplayKeepsItsName(t *testing.T) {
	one, again := parsed(t, newRequest(), ""), parsed(t, newRequest(), "another state")
	if one.Party != again.Party || one.ID != again.ID {
		t.Error("one request, two names: it could be answered twice")
	}
}

// A registry that fails says so: it is not taken for one that knows nobody.
func TestRegistryFails(t *testing.T) {
	g := newGateway(noon)
	g.Parties = broken{}
	if _, err := g.Parse(t.Context(), field(newRequest().signed(t)), ""); !errors.Is(err, errBroken) || saml.Code(err) != "internal" {
		t.Errorf("error %v", err)
	}
}

var errBroken = errors.New("the register does not answer")

type broken struct{}

func (broken) Party(context.Context, string) (relying.Party, error) {
	return relying.Party{}, errBroken
}

func (broken) Returning(context.Context, string) ([]relying.Party, error) { return nil, errBroken }

// A certificate ends; the day after, its service is not believed any more.
func TestExpiredCertificate(t *testing.T) {
	late := time.Date(2049, 1, 2, 0, 0, 0, 0, time.UTC)
	message := newRequest().set("IssueInstant", late.Format(time.RFC3339)).signed(t)
	if _, err := newGateway(late).Parse(t.Context(), field(message), ""); !errors.Is(err, saml.ErrSignature) {
		t.Errorf("error %v", err)
	}
}

// The longest request that is let through still fits a cookie of 3 KB: sealed with 64 bytes more, and in base64.
func TestLongestFitsTheCookie(t *testing.T) {
	r := newRequest().set("ID", "_"+strings.Repeat("a", 127)).set("AssertionConsumerServiceURL", "https://sp.test/session/"+strings.Repeat("a", 300))
	for n := 200; ; n++ {
		r.extensions = extensions(asks("AEATIdP"), asksValue("RelayState", strings.Repeat("a", n)))
		req, err := newGateway(noon).Parse(t.Context(), field(r.signed(t)), strings.Repeat("b", login.MaxRelay))
		if errors.Is(err, saml.ErrSize) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		id := secret.ID(noon)
		kept := must(json.Marshal(login.Login{ID: id, Browser: secret.Token().Reveal(), Began: noon, Request: req}))
		if size := base64.RawURLEncoding.EncodedLen(len(kept) + 64); size > 3072 {
			t.Fatalf("%d bytes", size)
		}
	}
}
