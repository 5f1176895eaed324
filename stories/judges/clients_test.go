package judges_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"clave/internal/relying"
)

// A machine without the clients cannot say whether we are right, so the tests fail there.

func TestOpenidClient(t *testing.T) { judge(t, "openid-client") }
func TestOauth4webapi(t *testing.T) { judge(t, "oauth4webapi") }

func judge(t *testing.T, name string) {
	t.Parallel()
	if _, err := os.Stat("node_modules/" + name); err != nil {
		t.Fatal(name + " is missing: npm ci in stories/judges")
	}
	h := newHouse(t)
	hall := h.hall()
	public, private := clientKey(t)
	h.register(services(hall.URL, public)...)
	node := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=spec", name+".test.mjs")
	node.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+h.authority, "CLAVE="+h.origin, "HALL="+hall.URL, "PREFIX="+prefix, "SECRET="+secretOf, "KEY="+private)
	out, err := node.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// Names and secrets hold what RFC 6749 §2.3.1 wants encoded, as those of the Cl@ve profile do.
const (
	prefix   = "P9999901A_L01."
	back     = "https://sede.example/back"
	left     = "https://sede.example/left"
	secretOf = "the secret of a service: kept /+& by: it, é"
)

// services are one of each kind. Those with an address on this machine are for tests only.
func services(hall string, keys json.RawMessage) []relying.Party {
	sum := sha256.Sum256([]byte(secretOf))
	hashes := [][]byte{sum[:]}
	list := []relying.Party{
		{ID: "public", OIDC: &relying.OIDC{Auth: relying.None}},
		{ID: "old", OIDC: &relying.OIDC{Auth: relying.None, RS256: true}},
		{ID: "basic", Test: true, OIDC: &relying.OIDC{Auth: relying.SecretBasic, SecretHashes: hashes, BackChannel: hall + "/service/logout"}},
		{ID: "post", OIDC: &relying.OIDC{Auth: relying.SecretPost, SecretHashes: hashes}},
		{ID: "key", OIDC: &relying.OIDC{Auth: relying.PrivateKey, Keys: keys}},
		{ID: "signed", OIDC: &relying.OIDC{Auth: relying.PrivateKey, Keys: keys, SignedOnly: true}},
		{ID: "fapi", OIDC: &relying.OIDC{Auth: relying.PrivateKey, Keys: keys, FAPI: true}},
		{ID: "poll", OIDC: &relying.OIDC{Auth: relying.PrivateKey, Keys: keys, CIBA: relying.Poll}},
		{ID: "ping", Test: true, OIDC: &relying.OIDC{
			Auth: relying.SecretBasic, SecretHashes: hashes, CIBA: relying.Ping, Notify: hall + "/service/ping",
		}},
	}
	for i := range list {
		list[i].ID, list[i].Names = prefix+list[i].ID, map[string]string{"es": "Sede " + list[i].ID}
		list[i].OIDC.Redirects, list[i].OIDC.LogoutReturn = []string{back}, []string{left}
	}
	return list
}

// clientKey makes the key pair of the services: what they register, and what they keep.
func clientKey(t *testing.T) (public json.RawMessage, private string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	kept, err := json.Marshal(jose.JSONWebKey{Key: key, KeyID: "k1", Algorithm: "ES256", Use: "sig"})
	check(t, err)
	public, err = json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}}})
	check(t, err)
	return public, string(kept)
}
