package sede_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"clave/sede"
)

const metadataForm = `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="%s"><md:IDPSSODescriptor
 protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="%s"><ds:KeyInfo
 xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo>
</md:KeyDescriptor></md:IDPSSODescriptor></md:EntityDescriptor>`

func metadata(entity, use, signer string) string {
	return fmt.Sprintf(metadataForm, entity, use, base64.StdEncoding.EncodeToString(keys()[signer].certificate.Raw))
}

// A service knows the gateway's certificates from its metadata, reads them again when the gateway signs with a key that it
// does not know, and does not let whoever sends nonsense make it read them all the time.
func TestPast24TheGatewaysKeysChange(t *testing.T) {
	text, asked := metadata(issuer, "signing", "sede"), 0
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte(text))
	}))
	defer gateway.Close()
	here := &town{now: noon}
	cfg := config()
	cfg.GatewayCertificates, cfg.GatewayMetadata, cfg.Now = nil, gateway.URL, func() time.Time { return here.now }
	handler, err := sede.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	here.Server = httptest.NewServer(handler)
	defer here.Close()
	b := here.browser(t)
	enter := func(want int) {
		t.Helper()
		relayState, id := b.enter("cita")
		b.deliver(relayState, good(id).signed(t)).must(t, want)
	}

	enter(403) // read at first
	text = metadata(issuer, "signing", "gateway")
	enter(403)
	if asked != 1 {
		t.Errorf("the metadata were read %d times within a minute", asked)
	}
	here.now = noon.Add(time.Minute)
	enter(303)
	enter(303)
	if asked != 2 {
		t.Errorf("the metadata were read %d times, want 2", asked)
	}
	for name, other := range map[string]string{
		"another's": metadata("https://other.test", "signing", "thief"), "that encrypts": metadata(issuer, "encryption", "thief"), "none": "<x/>",
	} {
		text = other
		here.now = here.now.Add(time.Minute)
		relayState, id := b.enter("cita")
		forged := good(id)
		forged.SignedBy = "thief"
		if got := b.deliver(relayState, forged.signed(t)); got.StatusCode != 403 {
			t.Errorf("a certificate of %s metadata was believed", name)
		}
	}
}
