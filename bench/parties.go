package main

import (
	"context"
	"crypto/x509"

	"clave/internal/relying"
	"clave/internal/store"
)

// The services.
const (
	hallID        = "P9999901A_L01999999"
	hallOrigin    = "https://sede.example"
	taxID         = "tax"
	taxOrigin     = "https://tax.example"
	furtherID     = "library"
	furtherOrigin = "https://library.example"
)

// register puts the services into the database, as an operator does.
func (s *server) register(ctx context.Context, db *store.Store) error {
	certificate, err := x509.ParseCertificate(s.Hall)
	if err != nil {
		return err
	}
	list := []relying.Party{
		{
			ID: hallID, Names: map[string]string{"es": "Sede electrónica de Villaclara", "en": "Villaclara online office"},
			SAML: &relying.SAML{Certificates: []*x509.Certificate{certificate}, ReturnTo: []string{hallOrigin + "/ReturnPage"}},
		},
		office(taxID, "Oficina de Tributos de Villaclara", taxOrigin, s.Tax),
		office(furtherID, "Biblioteca de Villaclara", furtherOrigin, s.Further),
	}
	return db.Do(ctx, func(ctx context.Context) error {
		for _, p := range list {
			if _, err := db.AddParty(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// office speaks OpenID Connect.
func office(id, name, origin string, keys []byte) relying.Party {
	return relying.Party{
		ID: id, Names: map[string]string{"es": name},
		OIDC: &relying.OIDC{Redirects: []string{origin + "/callback"}, Auth: relying.PrivateKey, Keys: keys},
	}
}
