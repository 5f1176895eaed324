package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"clave/internal/assurance"
	"clave/internal/federation/saml"
	"clave/internal/locale"
	"clave/internal/relying"
	"clave/internal/store"
	"clave/sede"
)

// partyID is the town hall's ProviderName, up to the semicolon.
const partyID = "P9999901A_L01999999"

// tenant is one of the sample services: what Clave has on record of it, and what it is there to show.
type tenant struct {
	name, path string // of the sample, and below which path of its host it is
	party      relying.Party
	text       locale.Key
}

// services registers the sample services and builds them: those that speak SAML, and the one that speaks OpenID Connect.
func (d *Demo) services(ctx context.Context, o Options) (town, tax http.Handler, err error) {
	keys, err := openServices(d.path("sede.pem"), d.path("hacienda.pem"), d.Clock.Now())
	if err != nil {
		return nil, nil, err
	}
	if d.tenants, err = d.settle(keys); err != nil {
		return nil, nil, err
	}
	if err := registerServices(ctx, d.Node.Store, d.tenants, d.Clock.Now); err != nil {
		return nil, nil, err
	}
	client, err := outbound(o.TLS)
	if err != nil {
		return nil, nil, err
	}
	if town, err = d.town(keys, client); err != nil {
		return nil, nil, err
	}
	tax, err = d.tax(keys, client)
	return town, tax, err
}

// settle says what each sample service has on record.
func (d *Demo) settle(keys serviceKeys) ([]tenant, error) {
	office, err := sede.OIDCConfig{Key: keys.tax}.PublicKeys()
	if err != nil {
		return nil, err
	}
	town := func(path string) *relying.SAML {
		at := d.Sede + path
		return &relying.SAML{
			Certificates: []*x509.Certificate{keys.certificate}, ReturnTo: []string{at + "/ReturnPage"},
			Logout: at + "/Logout", LogoutReturn: []string{at + "/LogoutReturn"},
		}
	}
	return []tenant{
		{"sede", "", relying.Party{ID: partyID, SAML: town(""), Test: true, Names: map[string]string{
			"es": "Sede electrónica de Villaclara", "ca": "Seu electrònica de Villaclara", "gl": "Sede electrónica de Villaclara",
			"eu": "Villaclarako egoitza elektronikoa", "en": "Villaclara online office",
		}}, "world.service-saml"},
		{"hacienda", "", relying.Party{ID: "hacienda-villaclara", Test: true, Names: map[string]string{
			"es": "Hacienda de Villaclara", "ca": "Hisenda de Villaclara", "gl": "Facenda de Villaclara",
			"eu": "Villaclarako Ogasuna", "en": "Villaclara Tax Agency",
		}, OIDC: &relying.OIDC{
			Redirects: []string{d.Tax + "/vuelta"}, LogoutReturn: []string{d.Tax + "/fuera"}, BackChannel: d.Tax + "/logout-token",
			Auth: relying.PrivateKey, Keys: office, CIBA: relying.Poll,
		}}, "world.service-oidc"},
		{"salud", "/salud", relying.Party{ID: "P9999901A_L01999998", SAML: town("/salud"), Isolated: true, Test: true, Names: map[string]string{
			"es": "Centro de salud de Villaclara", "ca": "Centre de salut de Villaclara", "gl": "Centro de saúde de Villaclara",
			"eu": "Villaclarako osasun zentroa", "en": "Villaclara Health Centre",
		}}, "world.service-alone"},
		{"registro", "/registro", relying.Party{
			ID: "P9999901A_L01999997", SAML: town("/registro"), Level: assurance.Substantial, Test: true, Names: map[string]string{
				"es": "Registro civil de Villaclara", "ca": "Registre civil de Villaclara", "gl": "Rexistro civil de Villaclara",
				"eu": "Villaclarako erregistro zibila", "en": "Villaclara Civil Registry",
			}}, "world.service-strict"},
	}, nil
}

// address is where people find a service.
func (d *Demo) address(t tenant) string {
	if t.party.OIDC != nil {
		return d.Tax
	}
	return d.Sede + t.path
}

// listed is how the world's page shows a service.
type listed struct {
	Name, Address string
	Text          locale.Key
}

// listed are the services, in a language.
func (d *Demo) listed(lang locale.Lang) (list []listed) {
	for _, t := range d.tenants {
		list = append(list, listed{t.party.Name(lang.Code()), d.address(t), t.text})
	}
	return list
}

// registerServices writes the services where all services are registered: clave party shows them, and an integrator's own stand
// beside them.
func registerServices(ctx context.Context, s *store.Store, tenants []tenant, now func() time.Time) error {
	keeper := relying.Keeper{Store: s, From: "clave demo", Now: now}
	for _, t := range tenants {
		if err := keeper.Put(ctx, t.party); err != nil {
			return fmt.Errorf("demo: register %s: %w", t.party.ID, err)
		}
	}
	return nil
}

// town builds the services that speak SAML, on one host. They find Clave's certificates where every service finds them.
func (d *Demo) town(keys serviceKeys, client *http.Client) (http.Handler, error) {
	mux := http.NewServeMux()
	for _, t := range d.tenants {
		if t.party.SAML == nil {
			continue
		}
		site, err := sede.New(sede.Config{
			Name: t.name, Origin: d.Sede, Path: t.path, ProviderName: t.party.ID + ";" + strings.ToUpper(t.name), Key: keys.town, Certificate: keys.certificate,
			GatewayURL: d.Clave + saml.Path, GatewayIssuer: d.Clave, GatewayMetadata: d.Clave + saml.MetadataPath, Client: client,
			Now: d.Clock.Now, Level: "low",
		})
		if err != nil {
			return nil, err
		}
		mux.Handle(t.path+"/", site)
	}
	return mux, nil
}

// tax builds the service that speaks OpenID Connect. Its clock is the real one, as that of Clave's tokens.
func (d *Demo) tax(keys serviceKeys, client *http.Client) (http.Handler, error) {
	for _, t := range d.tenants {
		if t.party.OIDC != nil {
			return sede.NewOIDC(sede.OIDCConfig{
				Origin: d.Tax, ClientID: t.party.ID, Key: keys.tax, Issuer: d.Clave, Client: client, Now: time.Now,
			})
		}
	}
	return nil, errors.New("demo: no service speaks OpenID Connect")
}

// outbound is what the services reach Clave with. Where it has a certificate of its own making, they know it.
func outbound(own *tls.Config) (*http.Client, error) {
	client := &http.Client{Timeout: 10 * time.Second}
	if own == nil {
		return client, nil
	}
	known := x509.NewCertPool()
	for _, pair := range own.Certificates {
		certificate, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil {
			return nil, err
		}
		known.AddCert(certificate)
	}
	client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: known}}
	return client, nil
}
