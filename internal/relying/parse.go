package relying

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"

	"clave/internal/assurance"
)

// MaxJSON is the size of the largest JSON form read, in bytes.
const MaxJSON = 256 << 10

// ParseJSON reads the JSON form of a party, strictly: a field that is unknown, repeated, missing or of another type is a
// Problem, and the error joins them all. What the fields say is for Check.
func ParseJSON(data []byte) (Party, error) {
	var bad problems
	if len(data) > MaxJSON {
		bad.add("party", "want at most 256 KiB")
		return Party{}, bad.err()
	}
	o := readObject("", data, &bad)
	if len(bad) > 0 && len(o.members) == 0 {
		return Party{}, bad.err()
	}
	p := o.party()
	if len(bad) > 0 {
		return Party{}, bad.err()
	}
	return p, nil
}

func (o object) party() Party {
	o.need("id", "names")
	p := Party{
		ID: o.text("id"), Logo: take[[]byte](o, "logo", "a PNG in base64"), Contacts: o.texts("contacts"), Level: o.level("level"),
		Methods: kinds[assurance.Method](o.texts("methods")), Released: kinds[Attribute](o.texts("released")),
		Private: o.flag("private"), Isolated: o.flag("isolated"), Test: o.flag("test"),
	}
	if o.has("names") {
		p.Names = o.object("names").names()
	}
	if o.has("saml") {
		p.SAML = o.object("saml").saml()
	}
	if o.has("oidc") {
		p.OIDC = o.object("oidc").oidc()
	}
	o.end()
	return p
}

func (o object) names() map[string]string {
	names := make(map[string]string, len(o.members))
	for lang := range o.members {
		names[lang] = o.text(lang)
	}
	return names
}

func (o object) level(member string) assurance.Level {
	if !o.has(member) {
		return 0
	}
	level, err := assurance.ParseLevel(o.text(member))
	if err != nil {
		o.bad.add(o.name(member), "want low, substantial or high")
	}
	return level
}

func (o object) saml() *SAML {
	s := &SAML{
		ReturnTo: o.texts("return_to"), Logout: o.text("logout"), LogoutReturn: o.texts("logout_return"), Untyped: o.flag("untyped"),
	}
	for _, text := range o.texts("certificates") {
		if c := o.certificate("certificates", text); c != nil {
			s.Certificates = append(s.Certificates, c)
		}
	}
	if o.has("encrypt") {
		s.Encrypt = o.certificate("encrypt", o.text("encrypt"))
	}
	o.end()
	return s
}

func (o object) certificate(member, text string) *x509.Certificate {
	c, err := ReadCertificate([]byte(text))
	if err != nil {
		o.bad.add(o.name(member), err.Error())
	}
	return c
}

func (o object) oidc() *OIDC {
	o.need("token_endpoint_auth_method")
	c := &OIDC{
		Redirects: o.texts("redirect_uris"), LogoutReturn: o.texts("post_logout_redirect_uris"), BackChannel: o.text("backchannel_logout_uri"),
		Sector: o.text("sector"), Auth: Auth(o.text("token_endpoint_auth_method")), Keys: o.keys("jwks"), KeysURI: o.text("jwks_uri"),
		SecretHashes: o.hashes("secret_sha256"), FAPI: o.flag("fapi"), SignedOnly: o.flag("require_signed_request_object"),
		CIBA:   CIBA(o.text("backchannel_token_delivery_mode")),
		Notify: o.text("backchannel_client_notification_endpoint"), RS256: o.algorithm("id_token_signed_response_alg") == rs256,
	}
	o.end()
	return c
}

// keys are kept without white space, so that the same keys are the same bytes.
func (o object) keys(member string) json.RawMessage {
	value := take[json.RawMessage](o, member, "a JWK Set")
	if value == nil {
		return nil
	}
	var dense bytes.Buffer
	if err := json.Compact(&dense, value); err != nil {
		o.bad.add(o.name(member), "want a JWK Set")
	}
	return dense.Bytes()
}

func (o object) hashes(member string) (hashes [][]byte) {
	for _, text := range o.texts(member) {
		hash, err := hex.DecodeString(text)
		if err != nil {
			o.bad.add(o.name(member), "want the SHA-256 of the secret, 64 hexadecimal digits")
		}
		hashes = append(hashes, hash)
	}
	return hashes
}

func (o object) algorithm(member string) string {
	name := o.text(member)
	if name != "" && name != es256 && name != rs256 {
		o.bad.add(o.name(member), "want ES256 or RS256")
	}
	return name
}

func kinds[S ~string](plain []string) (list []S) {
	for _, s := range plain {
		list = append(list, S(s))
	}
	return list
}
