package saml_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/citizen"
	"clave/internal/federation/saml"
	"clave/internal/login"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// The answers as they leave, but for what is drawn or computed anew each time. A line for each element.
func TestGolden(t *testing.T) {
	g, req := newGateway(noon), parsed(t, newRequest(), "_x8")
	low := newResult(req)
	low.Level, low.Login.Request.Echo = assurance.Low, map[string]string{"name-id-format": unspecified}
	for name, form := range map[string]func() (saml.Form, error){
		"response":  func() (saml.Form, error) { return g.Respond(t.Context(), newResult(req)) },
		"low":       func() (saml.Form, error) { return g.Respond(t.Context(), low) },
		"cancelled": func() (saml.Form, error) { return g.Fail(req, login.Cancelled) },
		"denied":    func() (saml.Form, error) { return g.Fail(req, login.Denied) },
	} {
		t.Run(name, func(t *testing.T) {
			f, err := form()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+name+".golden.xml", steady(answer(t, f)))
		})
	}
}

// steady replaces drawn IDs, digests, signatures and the certificate of a test key by words.
func steady(message []byte) []byte {
	s := string(message)
	for _, r := range []struct{ pattern, word string }{
		{`( ID=")_[^"]*"`, `${1}_drawn"`},
		{`(URI="#)_[^"]*"`, `${1}_drawn"`},
		{`(<ds:(DigestValue|SignatureValue|X509Certificate)>)[^<]*`, "${1}…"},
		{`><([^/])`, ">\n<$1"},
	} {
		s = regexp.MustCompile(r.pattern).ReplaceAllString(s, r.word)
	}
	return []byte(s + "\n")
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s\nif this is wanted: go test -run Golden -update", cmp.Diff(string(want), string(got)))
	}
}

// The answer is good for this request, service and address and for no other (SAML profiles §4.1.4.3), for 900 seconds from now.
func TestAnswerIsBound(t *testing.T) {
	const back = "https://sp.test/session/42?a=1&b=2"
	req := parsed(t, newRequest().set("ID", "_mine").set("AssertionConsumerServiceURL", back), "_x8")
	f, err := newGateway(noon.Add(time.Minute)).Respond(t.Context(), newResult(req))
	if err != nil {
		t.Fatal(err)
	}
	root := tree(t, answer(t, f))
	for path, want := range map[string]string{
		"@Destination":                "https://sp.test/session/42?a=1&b=2",
		"@InResponseTo":               "_mine",
		"@IssueInstant":               "2026-01-01T12:01:00.000Z",
		"//SubjectConfirmationData/@": "192.0.2.1 _mine 2026-01-01T12:16:00.000Z " + back,
		"//Conditions/@":              "2026-01-01T12:01:00.000Z 2026-01-01T12:16:00.000Z",
		"//Audience":                  back,
		"//AuthnStatement/@":          "2026-01-01T11:59:57.000Z",
		"//NameID":                    "00000000T",
	} {
		if got := look(root, path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if f.Action != back {
		t.Errorf("posts to %q", f.Action)
	}
}

// look returns the text of an element, one attribute of the root ("@Name"), or all attributes of an element ("//Element/@").
func look(root *etree.Element, path string) string {
	if name, ok := strings.CutPrefix(path, "@"); ok {
		return root.SelectAttrValue(name, "")
	}
	element, all := strings.CutSuffix(path, "/@")
	e := root.FindElement(element)
	if !all {
		return e.Text()
	}
	var values []string
	for _, a := range e.Attr {
		values = append(values, a.Value)
	}
	return strings.Join(values, " ")
}

func tree(t testing.TB, message []byte) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(message); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// Two answers never share a name, not even to one request.
func TestAnswersAreNamedAnew(t *testing.T) {
	g, r := newGateway(noon), newResult(parsed(t, newRequest(), ""))
	seen := map[string]bool{}
	for range 3 {
		root := tree(t, answer(t, must(g.Respond(t.Context(), r))))
		for _, id := range []string{root.SelectAttrValue("ID", ""), root.FindElement("//Assertion").SelectAttrValue("ID", "")} {
			if len(id) < 40 || seen[id] {
				t.Errorf("ID %q", id)
			}
			seen[id] = true
		}
	}
}

// What is not a completed sign-in of this protocol at the level asked is not answered with an identity.
func TestRespondRefuses(t *testing.T) {
	req := parsed(t, newRequest(), "")
	for name, bend := range map[string]func(*login.Result){
		"nothing":          func(r *login.Result) { *r = login.Result{} },
		"another protocol": func(r *login.Result) { r.Login.Request.Protocol = "oidc" },
		"no address":       func(r *login.Result) { r.Login.Request.ReturnTo = "" },
		"no request":       func(r *login.Result) { r.Login.Request.ID = "" },
		"no form of name":  func(r *login.Result) { r.Login.Request.Echo = nil },
		"nobody":           func(r *login.Result) { r.Citizen = citizen.Citizen{} },
		"no level":         func(r *login.Result) { r.Level, r.Login.Request.Level = 0, 0 },
		"below the level":  func(r *login.Result) { r.Login.Request.Level = assurance.High },
		"no method":        func(r *login.Result) { r.Method = "" },
		"unnamed method":   func(r *login.Result) { r.Method = "telepathy" },
		"never":            func(r *login.Result) { r.At = time.Time{} },
	} {
		t.Run(name, func(t *testing.T) {
			r := newResult(req)
			bend(&r)
			f, err := newGateway(noon).Respond(t.Context(), r)
			if !errors.Is(err, saml.ErrResult) || f.Action != "" || f.Fields != nil {
				t.Errorf("%v, error %v", f, err)
			}
		})
	}
}

func TestFail(t *testing.T) {
	req := parsed(t, newRequest(), "_x8")
	for why, want := range map[login.Failure]string{
		login.Cancelled: "Responder AuthnFailed 003002 - Authentication Failed",
		login.Failed:    "Responder AuthnFailed 003002 - Authentication Failed",
		login.TimedOut:  "Responder AuthnFailed 003002 - Authentication Failed",
		login.Denied:    "Requester RequestDenied Request Denied",
		login.Passive:   "Responder NoPassive The person must be asked",
	} {
		t.Run(string(why), func(t *testing.T) {
			f, err := newGateway(noon).Fail(req, why)
			if err != nil {
				t.Fatal(err)
			}
			root := tree(t, answer(t, f))
			const name = "urn:oasis:names:tc:SAML:2.0:status:"
			outer := root.FindElement("Status/StatusCode")
			got := strings.TrimPrefix(outer.SelectAttrValue("Value", ""), name) + " " +
				strings.TrimPrefix(outer.SelectElement("StatusCode").SelectAttrValue("Value", ""), name) + " " + root.FindElement("Status/StatusMessage").Text()
			if got != want {
				t.Errorf("status %q, want %q", got, want)
			}
			if root.FindElement("//Assertion") != nil || root.SelectAttrValue("InResponseTo", "") != "_a1" || f.Fields[1].Value != "_x8" {
				t.Error("not the failure of this request")
			}
		})
	}
}

func TestFailRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		req login.Request
		why login.Failure
	}{
		"unchecked request": {login.Request{Protocol: saml.Protocol}, login.Failed},
		"unknown failure":   {parsed(t, newRequest(), ""), "Success"},
	} {
		if f, err := newGateway(noon).Fail(c.req, c.why); !errors.Is(err, saml.ErrResult) || f.Action != "" {
			t.Errorf("%s: %v, error %v", name, f, err)
		}
	}
}

// Text that XML cannot carry stops the answer; it does not become other text.
func TestRespondUnprintable(t *testing.T) {
	r := newResult(parsed(t, newRequest(), ""))
	r.Citizen.GivenName = "BEGO\x00A"
	if f, err := newGateway(noon).Respond(t.Context(), r); err == nil {
		t.Errorf("answers %v", f)
	}
}
