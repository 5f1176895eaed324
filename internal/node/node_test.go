package node_test

import (
	"context"
	"crypto/x509"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clave/internal/authn/pin"
	"clave/internal/census"
	"clave/internal/enrolment"
	"clave/internal/keyring"
	"clave/internal/node"
	"clave/internal/person"
	"clave/internal/relying"
	"clave/internal/store"
)

func config(t *testing.T, kind keyring.Kind) node.Config {
	t.Helper()
	dir := t.TempDir()
	ring, err := keyring.Create(filepath.Join(dir, "keys.json"), kind, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return node.Config{
		Kind: kind, Database: filepath.Join(dir, "clave.db"), Ring: ring, Origin: "https://clave.example", Parties: relying.List{},
		Census: func(*store.Store) person.Census { return census.List{} }, PIN: pin.DefaultLimits(), Letters: enrolment.DefaultLimits(), Now: time.Now,
	}
}

func TestWrongConfigurationSaysSo(t *testing.T) {
	for name, spoil := range map[string]func(*node.Config){
		"no scheme":    func(c *node.Config) { c.Origin = "clave.example" },
		"with a path":  func(c *node.Config) { c.Origin = "https://clave.example/" },
		"a long host":  func(c *node.Config) { c.Origin = "https://" + strings.Repeat("clave.", 20) + "example" },
		"another kind": func(c *node.Config) { c.Kind = keyring.Live },
		"no mailbox":   func(c *node.Config) { c.Help.Mailbox = "clave.example" },
	} {
		c := config(t, keyring.Demo)
		spoil(&c)
		if _, err := node.Build(context.Background(), c); !errors.Is(err, node.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Without a list of its own a node serves those registered in its database.
func TestRule23PartiesOfTheDatabase(t *testing.T) {
	c := config(t, keyring.Live)
	c.Parties = nil
	n, err := node.Build(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close(t.Context())
	keeper := relying.Keeper{Store: n.Store, Now: time.Now}
	for id, test := range map[string]bool{"S1": false, "S2": true} {
		if err := keeper.Add(t.Context(), relying.Party{ID: id, Names: map[string]string{"es": "Sede"}, Test: test, OIDC: &relying.OIDC{
			Auth: relying.None, Redirects: []string{"https://sede.example/back"},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string]error{"S1": nil, "S2": relying.ErrUnknown, relying.House: nil} {
		if _, err := n.Parties().Party(t.Context(), id); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", id, err, want)
		}
	}
}

// In a live database a test party gets only refusals: it may use plain http, and its keys are in everybody's hands.
func TestRule23NoTestPartyInALiveDatabase(t *testing.T) {
	for kind, want := range map[keyring.Kind]error{keyring.Live: relying.ErrUnknown, keyring.Demo: nil} {
		c := config(t, kind)
		c.Parties = relying.List{{ID: "S0000000A_E00000000", Names: map[string]string{"es": "Prueba"}, SAML: &relying.SAML{Certificates: []*x509.Certificate{}}, Test: true}}
		n, err := node.Build(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Parties().Party(t.Context(), "S0000000A_E00000000"); !errors.Is(err, want) {
			t.Errorf("%s: %v", kind, err)
		}
		if err := n.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
