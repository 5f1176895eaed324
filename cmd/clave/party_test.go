package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/go-jose/go-jose/v4"

	"clave/internal/keyring"
	"clave/internal/relying"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

// TestMain lets the tests' own file be the command, when it is started as one.
func TestMain(m *testing.M) {
	if os.Getenv("CLAVE_IS_THE_COMMAND") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(storetest.Main(m))
}

// desk is where an operator types, with a database that a server has open meanwhile.
type desk struct {
	t        *testing.T
	dir      string
	database string
	server   *store.Store
}

// onBoth runs a test at a desk of each database.
func onBoth(t *testing.T, kind keyring.Kind, test func(d *desk)) {
	for name, database := range map[string]func(d *desk) string{
		"SQLite":     func(d *desk) string { return d.in("clave.db") },
		"PostgreSQL": func(d *desk) string { return storetest.Postgres(d.t) },
	} {
		t.Run(name, func(t *testing.T) {
			d := &desk{t: t, dir: t.TempDir()}
			d.database = database(d)
			ring, err := keyring.Create(d.in("keys.json"), kind, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			d.server, err = store.Open(t.Context(), d.database, store.Options{Kind: kind, Ring: ring, Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			defer d.server.Close(t.Context())
			test(d)
		})
	}
}

func (d *desk) in(name string) string { return filepath.Join(d.dir, name) }

func (d *desk) write(name string, content []byte) string {
	d.t.Helper()
	if err := os.WriteFile(d.in(name), content, 0o600); err != nil {
		d.t.Fatal(err)
	}
	return d.in(name)
}

// types runs `clave party …` and returns what it printed.
func (d *desk) types(args ...string) (string, error) {
	d.t.Helper()
	var c partyCommands
	parser, err := kong.New(&c, kong.Name("clave party"), kong.BindTo(d.t.Context(), (*context.Context)(nil)))
	if err != nil {
		d.t.Fatal(err)
	}
	k, err := parser.Parse(doubled(append(args, "-database", d.database, "-keys", d.in("keys.json"))))
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	for _, b := range []*partyBook{&c.Add.partyBook, &c.List.partyBook, &c.Show.partyBook, &c.Rotate.partyBook, &c.Remove.partyBook} {
		b.out = &out
	}
	err = k.Run()
	return out.String(), err
}

// prints wants a command to end well, and each text in what it prints.
func (d *desk) prints(args []string, want ...string) string {
	d.t.Helper()
	out, err := d.types(args...)
	if err != nil {
		d.t.Errorf("%q: %v", args, err)
	}
	for _, text := range want {
		if !strings.Contains(out, text) {
			d.t.Errorf("%q prints\n%s\nwant %q", args, out, text)
		}
	}
	return out
}

func (d *desk) fails(args []string, want string) {
	d.t.Helper()
	out, err := d.types(args...)
	if err == nil || !strings.Contains(err.Error(), want) {
		d.t.Errorf("%q: %v\n%s\nwant %q", args, err, out, want)
	}
}

// party is a service as the server sees it.
func (d *desk) party(id string) relying.Party {
	d.t.Helper()
	shelf := &relying.Shelf{Source: d.server, Now: time.Now}
	p, err := shelf.Party(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// certificateFile is a PEM file with a new certificate that holds for so many days.
func (d *desk) certificateFile(name string, days int) string {
	d.t.Helper()
	key := newKey(d.t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().Add(time.Duration(days)*24*time.Hour + time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.write(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// A name that may be taken for another's is told of, and registered all the same.
func TestPartyAddTellsOfDoubtfulNames(t *testing.T) {
	onBoth(t, keyring.Live, func(d *desk) {
		add := func(id, name string) []string {
			return []string{"add", "-id", id, "-name", name, "-return", "https://sede.example/*", "-certificate", d.certificateFile(id+".pem", 99)}
		}
		if out := d.prints(add("one", "Sede de Villaclara")); strings.Contains(out, "look again") {
			t.Errorf("a name of its own is doubted:\n%s", out)
		}
		d.prints(add("two", "SEDE DE VILLACLARA"), "look again", `names.es: "SEDE DE VILLACLARA" is also the name of one`)
		d.prints(add("three", "Avisos de Cl@ve"), "look again", `"Avisos de Cl@ve" may be taken for Cl@ve itself`)
		if p := d.party("three"); p.Name("es") != "Avisos de Cl@ve" {
			t.Errorf("%+v", p.Names)
		}
	})
}

func TestPartyFromACertificate(t *testing.T) {
	onBoth(t, keyring.Live, func(d *desk) {
		var logo bytes.Buffer
		if err := png.Encode(&logo, image.NewGray(image.Rect(0, 0, 32, 32))); err != nil {
			t.Fatal(err)
		}
		old := d.certificateFile("old.pem", 20)
		add := []string{
			"add", "-id", "P9999901A_L01999999", "-name", "Sede de Villaclara", "-name", "en=Villaclara = the town", "-return", "https://sede.example/ReturnPage",
			"-return", "https://sede.example/a,b/*", "-certificate", old, "-level", "substantial", "-method", "pin", "-release", "nif",
			"-logo", d.write("logo.png", logo.Bytes()), "-contact", "sede@example.es", "-logout", "https://sede.example/out", "-private",
		}
		d.prints([]string{"list"}, "No service is registered")
		d.prints(add, "substantial", "P-256, until ", "20 days", "https://sede.example/a,b/*")
		p := d.party("P9999901A_L01999999")
		if p.Name("en") != "Villaclara = the town" || p.Name("es") != "Sede de Villaclara" || !p.Private || p.Test || len(p.SAML.ReturnTo) != 2 ||
			!bytes.Equal(p.Logo, logo.Bytes()) || p.SAML.Logout == "" || p.Releases(relying.Names) {
			t.Errorf("%+v", p)
		}
		d.fails(add, "registered already; -replace")
		d.prints(append(add, "-replace", "-isolated"), "private, isolated")
		d.prints([]string{"list"}, "P9999901A_L01999999   Sede de Villaclara   SAML", "private, isolated")

		d.prints([]string{"rotate", "P9999901A_L01999999", "-certificate", d.certificateFile("new.pem", 900)}, "20 days", "Old and new are both good")
		d.fails([]string{"rotate", "P9999901A_L01999999", "-certificate", old}, "registered already")
		if p := d.party("P9999901A_L01999999"); len(p.SAML.Certificates) != 2 || p.SAML.Certificates[1].Subject.CommonName != "new.pem" {
			t.Errorf("%d certificates", len(p.SAML.Certificates))
		}
		if out := d.prints([]string{"rotate", "P9999901A_L01999999", "-drop-old"}); strings.Contains(out, "20 days") {
			t.Errorf("the old one stayed:\n%s", out)
		}
		d.prints([]string{"remove", "P9999901A_L01999999"}, "is removed")
		d.fails([]string{"remove", "P9999901A_L01999999"}, "clave party list")
		d.fails([]string{"show", "P9999901A_L01999999"}, "clave party list")
		d.recorded("party.added", "party.changed isolated", "party.changed saml.certificates", "party.changed saml.certificates", "party.removed")
	})
}

// recorded compares the record with what was done, all of it by somebody.
func (d *desk) recorded(want ...string) {
	d.t.Helper()
	entries, err := d.server.Audits(d.t.Context(), "", 99)
	if err != nil {
		d.t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, strings.TrimSpace(string(e.Event)+" "+e.Outcome))
		if !strings.HasPrefix(e.From, "clave party, ") || e.Party == "" {
			d.t.Errorf("%+v", e)
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		d.t.Errorf("recorded %q\nwant %q", got, want)
	}
}

const clientForm = `{
  "id": "cita", "names": {"es": "Cita previa"}, "test": true,
  "oidc": {"redirect_uris": ["https://cita.example/back"], "token_endpoint_auth_method": "client_secret_basic"}
}`

func TestPartyFromJSON(t *testing.T) {
	onBoth(t, keyring.Demo, func(d *desk) {
		form := d.write("cita.json", []byte(clientForm))
		d.fails([]string{"add", "-json", form}, "\n  oidc.secret_sha256: want ")
		d.fails([]string{"add", "-json", form}, "\n-secret draws its secret")
		first := lastLine(d.prints([]string{"add", "-json", form, "-secret", "-level", "low"}, "shown this once"))
		d.knows("cita", first)
		second := lastLine(d.prints([]string{"rotate", "cita", "-secret"}, "Old and new are both good", "OIDC secrets"))
		d.knows("cita", first, second)
		third := lastLine(d.prints([]string{"rotate", "cita", "-secret"}))
		d.knows("cita", second, third)
		d.prints([]string{"rotate", "cita", "-drop-old"})
		d.knows("cita", third)

		out := d.prints([]string{"show", "cita", "-json"}, `"secret_sha256"`, `"level": "low"`)
		if strings.Contains(out, third) {
			t.Error("the secret is shown again")
		}
		d.prints([]string{"add", "-replace", "-json", d.write("again.json", []byte(out))})
		d.recorded("party.added", "party.changed oidc.secret_sha256", "party.changed oidc.secret_sha256", "party.changed oidc.secret_sha256")
	})
}

func lastLine(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return lines[len(lines)-1]
}

// knows compares the secrets that a client may use.
func (d *desk) knows(id string, secrets ...string) {
	d.t.Helper()
	hashes := d.party(id).OIDC.SecretHashes
	if len(hashes) != len(secrets) {
		d.t.Errorf("%d secrets, want %d", len(hashes), len(secrets))
		return
	}
	for i, s := range secrets {
		if sum := sha256.Sum256([]byte(s)); len(s) < 43 || !bytes.Equal(hashes[i], sum[:]) {
			d.t.Errorf("secret %d is another", i)
		}
	}
}

func TestPartyKeys(t *testing.T) {
	onBoth(t, keyring.Demo, func(d *desk) {
		set := func(name string, keys ...jose.JSONWebKey) string {
			text, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
			if err != nil {
				t.Fatal(err)
			}
			return d.write(name, text)
		}
		one, two := newKey(t), newKey(t)
		public := jose.JSONWebKey{Key: one.Public(), KeyID: "1"}
		keys, err := os.ReadFile(set("one", public))
		if err != nil {
			t.Fatal(err)
		}
		d.prints([]string{"add", "-json", d.write("form", []byte(`{"id": "fapi", "names": {"es": "FAPI"}, "oidc": {"fapi": true,
			"redirect_uris": ["https://a.example/"], "token_endpoint_auth_method": "private_key_jwt", "jwks": `+string(keys)+`}}`))}, "fapi")
		next := set("two", public, jose.JSONWebKey{Key: two.Public(), KeyID: "2"})
		d.prints([]string{"rotate", "fapi", "-jwks", next})
		if n := bytes.Count(d.party("fapi").OIDC.Keys, []byte(`"kty"`)); n != 2 {
			t.Errorf("%d keys", n)
		}
		d.fails([]string{"rotate", "fapi", "-jwks", set("private", jose.JSONWebKey{Key: two, KeyID: "3"})}, "this one is private")
		d.fails([]string{"rotate", "fapi", "-jwks", set("clash", jose.JSONWebKey{Key: newKey(t).Public(), KeyID: "2"})}, "oidc.jwks.keys[2].kid: want one of its own")
		d.fails([]string{"rotate", "fapi", "-jwks", d.write("none", []byte(`{}`)), "-drop-old"}, "oidc.jwks.keys: want a list of keys")
		d.prints([]string{"rotate", "fapi", "-drop-old", "-jwks", set("last", jose.JSONWebKey{Key: two.Public(), KeyID: "2"})})
		if n := bytes.Count(d.party("fapi").OIDC.Keys, []byte(`"kty"`)); n != 1 {
			t.Errorf("%d keys", n)
		}
		d.fails([]string{"rotate", "fapi", "-certificate", d.certificateFile("c", 9)}, "which this service does not speak")
		d.fails([]string{"rotate", "fapi"}, "say what is new")
		d.fails([]string{"rotate", "nobody", "-secret"}, "no service is registered with this id")
	})
}

// The entityID of a service is not its ProviderName, so -id is asked for.
func TestPartyFromMetadata(t *testing.T) {
	onBoth(t, keyring.Live, func(d *desk) {
		pemFile, err := os.ReadFile(d.certificateFile("c.pem", 90))
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(pemFile)
		file := d.write("metadata.xml", fmt.Appendf(nil, `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sede.example/metadata">
			<md:SPSSODescriptor AuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
			<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
			<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sede.example/ReturnPage" index="0"/>
			</md:SPSSODescriptor>
			<md:Organization><md:OrganizationName xml:lang="es">Sede</md:OrganizationName><md:OrganizationDisplayName xml:lang="es">Sede de Villaclara</md:OrganizationDisplayName>
			<md:OrganizationDisplayName xml:lang="fr">Mairie</md:OrganizationDisplayName><md:OrganizationURL xml:lang="es">https://sede.example</md:OrganizationURL></md:Organization>
			</md:EntityDescriptor>`, base64.StdEncoding.EncodeToString(block.Bytes)))
		d.fails([]string{"add", "-metadata", file}, "\n  id: want ")
		d.prints([]string{"add", "-metadata", file, "-id", "P9999901A_L01999999", "-name", "en=Villaclara", "-logout", "https://sede.example/out"},
			"Sede de Villaclara", "https://sede.example/ReturnPage", "https://sede.example/out", "P-256, until ")
		if p := d.party("P9999901A_L01999999"); len(p.Names) != 2 || p.Name("en") != "Villaclara" || len(p.SAML.Certificates) != 1 {
			t.Errorf("%+v", p)
		}
		d.fails([]string{"add", "-metadata", d.write("form", []byte(clientForm)), "-id", "S1"}, "form: ")
	})
}

func TestPartyMistakesSayWhatToDo(t *testing.T) {
	onBoth(t, keyring.Live, func(d *desk) {
		c := d.certificateFile("c.pem", 9)
		expired := d.certificateFile("expired.pem", -1)
		form := d.write("form", []byte(clientForm))
		for _, x := range []struct {
			args []string
			want string
		}{
			{[]string{"add", "-id", "S1"}, "by one of -certificate FILE, "},
			{[]string{"add", "-json", form, "-certificate", c}, "by one of -certificate FILE, "},
			{[]string{"add", "-certificate", c}, "\n  id: want "},
			{[]string{"add", "-certificate", c, "-id", "S1"}, "\n  names.es: it is missing\n  saml.return_to: want "},
			{[]string{"add", "-certificate", expired, "-id", "S1"}, "saml.certificates[0]: it expired on "},
			{[]string{"add", "-certificate", form, "-id", "S1"}, "form: want one X.509 certificate"},
			{[]string{"add", "-certificate", d.in("absent"), "-id", "S1"}, "no such file"},
			{[]string{"add", "-certificate", c, "-id", "S1", "-secret"}, "-secret is for services that speak OpenID Connect"},
			{[]string{"add", "-json", form, "-return", "https://a.example/"}, "are of SAML"},
			{[]string{"add", "-json", d.write("typo", []byte(`{"Id": "S1", "names": {"es": "S"}}`))}, "Id: no such field"},
			{[]string{"add", "-json", form, "-level", "medium"}, "must be one of"},
		} {
			d.fails(x.args, x.want)
		}
		d.prints([]string{"add", "-json", form, "-secret"}, "this database is live: all it gets are refusals")
		d.database = d.in("absent.db")
		d.fails([]string{"list"}, "-database: ")
		if _, err := os.Stat(d.database); !errors.Is(err, os.ErrNotExist) {
			t.Error("a misspelt name makes a database")
		}
	})
}
