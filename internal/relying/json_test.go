package relying_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"image"
	"image/png"
	"math/big"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"clave/internal/assurance"
	"clave/internal/relying"
)

// now is the moment of these tests.
var now = time.Date(2026, 11, 21, 11, 0, 0, 0, time.UTC)

var (
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	ecKey  = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// certificate makes one of a key, valid until a moment.
func certificate(key crypto.Signer, until time.Time) *x509.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Sede"}, NotBefore: now.AddDate(-3, 0, 0), NotAfter: until,
	}
	return must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))))
}

// logo is a PNG of that many pixels, square.
func logo(side int) []byte {
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// keySet is a JWK Set, as compact as it is kept.
func keySet(keys ...jose.JSONWebKey) json.RawMessage {
	return must(json.Marshal(jose.JSONWebKeySet{Keys: keys}))
}

func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// whole is a party with everything that can be registered.
func whole() relying.Party {
	return relying.Party{
		ID: "S0000000A_E00000000", Names: map[string]string{"es": "Sede electrónica", "eu": "Egoitza", "en": "Town & country"},
		Logo: logo(64), Contacts: []string{"sede@example.es"},
		Level: assurance.Substantial, Methods: []assurance.Method{assurance.PIN}, Released: []relying.Attribute{relying.NIF},
		Private: true, Isolated: true, Test: true,
		SAML: &relying.SAML{
			Certificates: []*x509.Certificate{certificate(rsaKey(), now.AddDate(0, 1, 0)), certificate(ecKey(), now.AddDate(2, 0, 0))},
			ReturnTo:     []string{"https://sede.example/ReturnPage?a=1&b=2", "https://sede.example/session/*", "http://127.0.0.1:8200/x"},
			Logout:       "https://sede.example/logout", LogoutReturn: []string{"https://sede.example/*"},
			Encrypt: certificate(rsaKey(), now.AddDate(1, 0, 0)), Untyped: true,
		},
		OIDC: &relying.OIDC{
			Redirects: []string{"https://sede.example/back", "https://app.example/back"}, LogoutReturn: []string{"https://sede.example/out"},
			BackChannel: "https://sede.example/ended", Sector: "sede.example", Auth: relying.PrivateKey,
			Keys: keySet(jose.JSONWebKey{Key: ecKey().Public(), KeyID: "a&b"}, jose.JSONWebKey{Key: rsaKey().Public(), KeyID: "2"}),
			FAPI: true, SignedOnly: true, CIBA: relying.Ping, Notify: "https://sede.example/ping",
		},
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	secret := whole()
	secret.OIDC = &relying.OIDC{
		Redirects: []string{"https://sede.example/back"}, Auth: relying.SecretBasic, SecretHashes: [][]byte{hashOf("old"), hashOf("new")}, RS256: true,
	}
	away := whole()
	away.OIDC.Keys, away.OIDC.KeysURI = nil, "https://sede.example/keys"
	bare := relying.Party{ID: "S0000000A", Names: map[string]string{"es": "Sede"}, SAML: &relying.SAML{
		Certificates: whole().SAML.Certificates, ReturnTo: []string{"https://sede.example/ReturnPage"},
	}}
	for name, p := range map[string]relying.Party{"whole": whole(), "secret": secret, "away": away, "bare": bare} {
		if err := p.Check(now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		form := p.JSON()
		got, err := relying.ParseJSON(form)
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%s: %v\n%+v\nwant\n%+v", name, err, got, p)
		}
		if !bytes.Equal(got.JSON(), form) {
			t.Errorf("%s is written differently the second time", name)
		}
	}
	if form := string(whole().JSON()); !strings.Contains(form, "Town & country") || !strings.Contains(form, "\n  \"names\": {\n") {
		t.Errorf("not for people:\n%s", form)
	}
}

// What is misspelt must not be left out in silence: "private" written "Private" would open a session to a private entity.
func TestTheFormIsReadStrictly(t *testing.T) {
	const rest = `"names":{"es":"Sede"}}`
	for text, want := range map[string]string{
		`{"id":"S1","Private":true,` + rest:                                 "Private: no such field",
		`{"id":"S1","saml":{"return":[]},` + rest:                           "saml.return: no such field",
		`{"id":"S1","oidc":{"secret":"x"},` + rest:                          "oidc.secret: no such field",
		`{"id":"S1","test":"yes",` + rest:                                   "test: want true or false",
		`{"id":"S1","test":null,` + rest:                                    "test: want true or false",
		`{"id":7,` + rest:                                                   "id: want a text",
		`{` + rest:                                                          "id: it is missing",
		`{"id":"S1"}`:                                                       "names: it is missing",
		`{"id":"S1","id":"S2",` + rest:                                      "id: want it once",
		`{"id":"S1","names":{"es":"A","es":"B"}}`:                           "names.es: want it once",
		`{"id":"S1","names":["Sede"]}`:                                      "names: want a JSON object",
		`{"id":"S1","level":"medium",` + rest:                               "level: want low, substantial or high",
		`{"id":"S1","contacts":["a@b.es",null],` + rest:                     "contacts: want a list of texts",
		`{"id":"S1","saml":{"return_to":"https://a"},` + rest:               "saml.return_to: want a list of texts",
		`{"id":"S1","saml":{"certificates":["MII"]},` + rest:                "saml.certificates: want one X.509 certificate, in PEM or base64",
		`{"id":"S1","logo":"%",` + rest:                                     "logo: want a PNG in base64",
		`{"id":"S1","oidc":{},` + rest:                                      "oidc.token_endpoint_auth_method: it is missing",
		`{"id":"S1","oidc":{"secret_sha256":["zz"]},` + rest:                "oidc.secret_sha256: want the SHA-256 of the secret, 64 hexadecimal digits",
		`{"id":"S1","oidc":{"id_token_signed_response_alg":"none"},` + rest: "oidc.id_token_signed_response_alg: want ES256 or RS256",
		"{\"id\":\"S1\",\n\"test\":tru,\n" + rest:                           "party: want a JSON object; line 2 is not JSON",
		`{"id":"S1",` + rest + `{}`:                                         "party: want a JSON object",
		`[]`:                                                                "party: want a JSON object",
		``:                                                                  "party: want a JSON object",
		"{\"id\":\"\xff\"," + rest:                                          "party: want JSON in UTF-8",
		strings.Repeat(" ", relying.MaxJSON) + `{"id":"S1",` + rest:         "party: want at most 256 KiB",
	} {
		_, err := relying.ParseJSON([]byte(text))
		if err == nil || !strings.Contains("\n"+err.Error()+"\n", "\n"+want+"\n") {
			t.Errorf("%.80s\n%v\nwant %s", text, err, want)
		}
		if _, ok := errors.AsType[relying.Problem](err); !ok {
			t.Errorf("%.80s: %T", text, err)
		}
	}
}

func TestReadCertificate(t *testing.T) {
	c := certificate(ecKey(), now.AddDate(1, 0, 0))
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(ecKey()))}))
	plain := base64.StdEncoding.EncodeToString(c.Raw)
	for name, x := range map[string]struct {
		data string
		want error
	}{
		"PEM":              {text, nil},
		"with a subject":   {"subject=CN = Sede\n" + text + "\n", nil},
		"DER":              {string(c.Raw), nil},
		"base64":           {plain, nil},
		"base64 in lines":  {plain[:64] + "\n\t" + plain[64:] + "\n", nil},
		"a chain":          {text + text, relying.ErrCertificate},
		"with its key":     {text + key, relying.ErrPrivateKey},
		"a key":            {key, relying.ErrPrivateKey},
		"a request":        {strings.ReplaceAll(text, "CERTIFICATE", "CERTIFICATE REQUEST"), relying.ErrCertificate},
		"something behind": {string(c.Raw) + "x", relying.ErrCertificate},
		"nothing":          {"", relying.ErrCertificate},
	} {
		got, err := relying.ReadCertificate([]byte(x.data))
		if !errors.Is(err, x.want) || err == nil && !got.Equal(c) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzParseJSON looks for a form that is read and then written differently, or checked with a panic.
func FuzzParseJSON(f *testing.F) {
	f.Add(whole().JSON())
	f.Add([]byte(`{"id":"S1","names":{"es":"Sede"},"oidc":{"token_endpoint_auth_method":"none","jwks":{"keys":[{"kty":"oct","k":""}]}}}`))
	f.Add([]byte(`{"id":"S1","names":{},"logo":"iVBORw0KGgo=","saml":{"return_to":["https://*"]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := relying.ParseJSON(data)
		if err != nil {
			return
		}
		again, err := relying.ParseJSON(p.JSON())
		if err != nil || !bytes.Equal(again.JSON(), p.JSON()) {
			t.Errorf("%v: %q", err, p.JSON())
		}
		if p.Check(now) == nil && (p.SAML != nil && len(p.SAML.Certificates) == 0 || p.ID == relying.House) {
			t.Errorf("%q is accepted", data)
		}
	})
}
