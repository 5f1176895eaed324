package saml_test

import (
	"context"
	"crypto/x509"
	"time"

	"clave/internal/federation/saml"
	"clave/internal/keyring"
	"clave/internal/relying"
)

// The services of the tests, by what is special about each.
const (
	unkeyedParty   = "S1111111B_E11111111" // registered no certificate
	strangersParty = "S2222222C_E22222222" // its key is a stranger's to the others
	sealedParty    = "S3333333D_E33333333" // has its assertions encrypted
	untypedParty   = "S4444444E_E44444444" // wants plain attributes
	nifOnlyParty   = "S5555555F_E55555555" // may not be told names
	namesOnlyParty = "S6666666G_E66666666" // may not be told the NIF
	movingParty    = "S7777777H_E77777777" // is changing its key
	muteParty      = "S8888888J_E88888888" // speaks no SAML
)

const (
	back    = "https://sp.test/ReturnPage"
	goodbye = "https://sp.test/goodbye"
	slo     = "https://sp.test/slo"
	shared  = "https://shared.test/goodbye" // two parties registered it
)

var spanish = map[string]string{"es": "Servicio de pruebas"}

func parties() relying.List {
	of := func(certificates ...*x509.Certificate) *relying.SAML {
		return &relying.SAML{Certificates: certificates, ReturnTo: []string{back, "https://sp.test/session/*"}}
	}
	main := of(service().cert)
	main.Logout, main.LogoutReturn = slo, []string{goodbye, "https://sp.test/session/*"}
	third := &relying.SAML{Certificates: []*x509.Certificate{stranger().cert}, ReturnTo: []string{"https://third.test/"}, LogoutReturn: []string{"https://third.test/out", shared}}
	sealed, untyped := of(service().cert), of(service().cert)
	sealed.Encrypt, untyped.Untyped = service().cert, true
	moving := of(service().cert, successor().cert)
	moving.Logout, moving.LogoutReturn = slo, []string{"https://moving.test/goodbye", shared}
	return relying.List{
		{ID: partyID, Names: spanish, SAML: main},
		{ID: unkeyedParty, Names: spanish, SAML: &relying.SAML{ReturnTo: []string{"https://other.test/"}}},
		{ID: strangersParty, Names: spanish, SAML: third},
		{ID: sealedParty, Names: spanish, SAML: sealed},
		{ID: untypedParty, Names: spanish, SAML: untyped},
		{ID: nifOnlyParty, Names: spanish, SAML: of(service().cert), Released: []relying.Attribute{relying.NIF}},
		{ID: namesOnlyParty, Names: spanish, SAML: of(service().cert), Released: []relying.Attribute{relying.Names}},
		{ID: movingParty, Names: spanish, SAML: moving},
		{ID: muteParty, Names: spanish},
	}
}

func partyOf(id string) relying.Party { return must(parties().Party(context.Background(), id)) }

// newGateway knows all of them.
func newGateway(now time.Time) *saml.Gateway {
	own := keyring.Signing{ID: "present", Signer: gatewayKey().key, Certificate: gatewayKey().cert}
	return &saml.Gateway{
		Destination: destination, Issuer: "https://clave.test", Parties: parties(), Returning: returning,
		Organization: saml.Organization{Names: map[string]string{"es": "Organismo de pruebas", "en": "Test body"}, URL: "https://clave.test", Support: "ayuda@clave.test"},
		Now:          func() time.Time { return now }, Skew: 5 * time.Minute,
		Signing:  func(time.Time) (keyring.Signing, error) { return own, nil },
		Signings: func() ([]keyring.Signing, error) { return []keyring.Signing{own}, nil },
	}
}

func returning(_ context.Context, address string) (found []relying.Party, err error) {
	for _, p := range parties() {
		if p.LogoutReturns(address) == nil {
			found = append(found, p)
		}
	}
	return found, nil
}
