package relying

import (
	"crypto/sha256"
	"net/url"
	"slices"
)

// checkOIDC holds a client to what the specifications let it combine.
func (p Party) checkOIDC(bad *problems) {
	o := p.OIDC
	a := addresses{p.Test, bad}
	a.exact("oidc.redirect_uris", o.Redirects)
	a.exact("oidc.post_logout_redirect_uris", o.LogoutReturn)
	a.maybe("oidc.backchannel_logout_uri", o.BackChannel)
	a.maybe("oidc.jwks_uri", o.KeysURI)
	a.maybe("oidc.backchannel_client_notification_endpoint", o.Notify)
	if len(o.Redirects) == 0 && o.CIBA == "" {
		bad.add("oidc.redirect_uris", "want the addresses that get answers")
	}
	o.checkSector(bad)
	o.checkAuth(bad)
	o.checkSecrets(bad)
	o.checkProfiles(bad)
}

// checkSector: pairwise subjects belong to a sector, and with redirects on several hosts nothing else says which
// (OpenID Connect Core §8.1; CIBA §4 when there are none).
func (o *OIDC) checkSector(bad *problems) {
	if o.Sector != "" {
		if u, err := url.Parse("https://" + o.Sector); err != nil || u.Host != o.Sector || u.Port() != "" || !plainHost(u) {
			bad.add("oidc.sector", "want a host without port or path")
		}
		return
	}
	var hosts []string
	for _, address := range o.Redirects {
		if u, err := url.Parse(address); err == nil {
			hosts = append(hosts, u.Hostname())
		}
	}
	slices.Sort(hosts)
	if len(slices.Compact(hosts)) != 1 {
		bad.add("oidc.sector", "it is needed unless all redirect_uris have the same host")
	}
}

func (o *OIDC) checkAuth(bad *problems) {
	keys := o.Keys != nil || o.KeysURI != ""
	switch o.Auth {
	case PrivateKey:
		if !keys {
			bad.add("oidc.jwks", "want its public keys, or jwks_uri: it authenticates itself by private_key_jwt")
		}
	case SecretBasic, SecretPost, None:
		if o.SignedOnly && !keys {
			bad.add("oidc.jwks", "want its public keys, or jwks_uri: its requests must be signed")
		}
	default:
		bad.add("oidc.token_endpoint_auth_method", "want private_key_jwt, client_secret_basic, client_secret_post or none")
	}
	if o.Keys != nil && o.KeysURI != "" {
		bad.add("oidc.jwks_uri", "want it or jwks, not both")
	}
	if o.Keys != nil {
		checkKeys("oidc.jwks", o.Keys, bad)
	}
}

func (o *OIDC) checkSecrets(bad *problems) {
	n, secret := len(o.SecretHashes), o.Auth == SecretBasic || o.Auth == SecretPost
	switch {
	case secret && (n == 0 || n > 2):
		bad.add("oidc.secret_sha256", "want the SHA-256 of its secret, or of two while one replaces the other")
	case !secret && n > 0:
		bad.add("oidc.secret_sha256", "want none: it does not authenticate itself by a secret")
	}
	for i, hash := range o.SecretHashes {
		if len(hash) != sha256.Size {
			bad.add(nth("oidc.secret_sha256", i), "want 64 hexadecimal digits")
		}
	}
}

// checkProfiles: FAPI 2.0 wants confidential clients and no RSASSA-PKCS1-v1_5 (§5.3.2.1, §5.4.1); CIBA wants confidential
// clients (§7.1) and, to ping them, an address.
func (o *OIDC) checkProfiles(bad *problems) {
	if o.FAPI && o.Auth != PrivateKey {
		bad.add("oidc.fapi", "it needs token_endpoint_auth_method private_key_jwt")
	}
	if o.FAPI && o.RS256 {
		bad.add("oidc.id_token_signed_response_alg", "want ES256: FAPI 2.0 excludes RS256")
	}
	switch o.CIBA {
	case "", Poll, Ping:
	default:
		bad.add("oidc.backchannel_token_delivery_mode", "want poll or ping")
	}
	if o.CIBA != "" && o.Auth == None {
		bad.add("oidc.backchannel_token_delivery_mode", "it needs a client that authenticates itself")
	}
	if (o.CIBA == Ping) != (o.Notify != "") {
		bad.add("oidc.backchannel_client_notification_endpoint", "it is needed with ping, and with nothing else")
	}
}
