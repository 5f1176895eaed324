package relying

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
)

// form is a party as JSON, as the store keeps it and operators write it. What a client of OpenID Connect registers has the
// names of OpenID Connect Dynamic Client Registration and of the specifications beside it.
type form struct {
	ID       string            `json:"id"`
	Names    map[string]string `json:"names"`
	Logo     []byte            `json:"logo,omitempty"` // base64
	Contacts []string          `json:"contacts,omitempty"`
	Level    string            `json:"level,omitempty"`
	Methods  []string          `json:"methods,omitempty"`
	Released []string          `json:"released,omitempty"`
	Private  bool              `json:"private,omitempty"`
	Isolated bool              `json:"isolated,omitempty"`
	Test     bool              `json:"test,omitempty"`
	SAML     *samlForm         `json:"saml,omitempty"`
	OIDC     *oidcForm         `json:"oidc,omitempty"`
}

type samlForm struct {
	Certificates [][]byte `json:"certificates,omitempty"` // base64 of DER; PEM is read too
	ReturnTo     []string `json:"return_to,omitempty"`
	Logout       string   `json:"logout,omitempty"`
	LogoutReturn []string `json:"logout_return,omitempty"`
	Encrypt      []byte   `json:"encrypt,omitempty"`
	Untyped      bool     `json:"untyped,omitempty"`
}

type oidcForm struct {
	Redirects    []string        `json:"redirect_uris,omitempty"`
	LogoutReturn []string        `json:"post_logout_redirect_uris,omitempty"`
	BackChannel  string          `json:"backchannel_logout_uri,omitempty"`
	Sector       string          `json:"sector,omitempty"`
	Auth         Auth            `json:"token_endpoint_auth_method"`
	Keys         json.RawMessage `json:"jwks,omitempty"`
	KeysURI      string          `json:"jwks_uri,omitempty"`
	Secrets      []string        `json:"secret_sha256,omitempty"` // hex
	FAPI         bool            `json:"fapi,omitempty"`
	SignedOnly   bool            `json:"require_signed_request_object,omitempty"`
	CIBA         CIBA            `json:"backchannel_token_delivery_mode,omitempty"`
	Notify       string          `json:"backchannel_client_notification_endpoint,omitempty"`
	Algorithm    string          `json:"id_token_signed_response_alg,omitempty"`
}

// The algorithms that sign ID tokens.
const (
	es256 = "ES256" // the usual one: it is not written
	rs256 = "RS256"
)

// JSON is the party as ParseJSON reads it: the same bytes for the same party, and no secret among them. It is nil when Keys
// are no JSON, which Check names.
func (p Party) JSON() []byte {
	f := form{
		ID: p.ID, Names: p.Names, Logo: p.Logo, Contacts: p.Contacts, Methods: texts(p.Methods), Released: texts(p.Released),
		Private: p.Private, Isolated: p.Isolated, Test: p.Test, SAML: p.SAML.form(), OIDC: p.OIDC.form(),
	}
	if p.Level != 0 {
		f.Level = p.Level.String()
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(f); err != nil {
		return nil
	}
	return out.Bytes()
}

func (s *SAML) form() *samlForm {
	if s == nil {
		return nil
	}
	f := samlForm{ReturnTo: s.ReturnTo, Logout: s.Logout, LogoutReturn: s.LogoutReturn, Untyped: s.Untyped}
	for _, c := range s.Certificates {
		f.Certificates = append(f.Certificates, c.Raw)
	}
	if s.Encrypt != nil {
		f.Encrypt = s.Encrypt.Raw
	}
	return &f
}

func (o *OIDC) form() *oidcForm {
	if o == nil {
		return nil
	}
	f := oidcForm{
		Redirects: o.Redirects, LogoutReturn: o.LogoutReturn, BackChannel: o.BackChannel, Sector: o.Sector, Auth: o.Auth, Keys: o.Keys,
		KeysURI: o.KeysURI, FAPI: o.FAPI, SignedOnly: o.SignedOnly, CIBA: o.CIBA, Notify: o.Notify,
	}
	for _, hash := range o.SecretHashes {
		f.Secrets = append(f.Secrets, hex.EncodeToString(hash))
	}
	if o.RS256 {
		f.Algorithm = rs256
	}
	return &f
}

func texts[S ~string](list []S) (plain []string) {
	for _, s := range list {
		plain = append(plain, string(s))
	}
	return plain
}
