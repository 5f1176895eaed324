package sede

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/beevik/etree"
)

const (
	metadataNamespace = "urn:oasis:names:tc:SAML:2.0:metadata"
	maxMetadata       = 256 << 10 // bytes
	metadataTime      = 5 * time.Second
	metadataEvery     = time.Minute // whoever sends us nonsense must not make us knock at the gateway without end
)

// trust is which certificates may sign for the gateway: those that were agreed, and those that its metadata names now, which
// are believed because they come from its address over TLS.
type trust struct {
	cfg  Config
	mu   sync.Mutex // held while the metadata are read: others wait for the same
	read []*x509.Certificate
	last time.Time // when they were read, or should have been
}

func newTrust(cfg Config) *trust { return &trust{cfg: cfg} }

func (t *trust) certificates() []*x509.Certificate {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append(t.read[:len(t.read):len(t.read)], t.cfg.GatewayCertificates...)
}

// start reads the metadata once.
func (t *trust) start(ctx context.Context, now time.Time) {
	t.mu.Lock()
	never := t.last.IsZero()
	t.mu.Unlock()
	if never {
		t.refresh(ctx, now)
	}
}

// refresh reads the metadata again, at most once a minute, and tells whether there is anything new to try.
func (t *trust) refresh(ctx context.Context, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cfg.GatewayMetadata == "" || !t.last.IsZero() && now.Sub(t.last) < metadataEvery {
		return false
	}
	t.last = now
	read, err := t.fetch(ctx)
	if err != nil {
		slog.Warn("metadata of the gateway", "reason", err)
		return false
	}
	t.read = read
	return true
}

func (t *trust) fetch(ctx context.Context) ([]*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, metadataTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.cfg.GatewayMetadata, nil)
	if err != nil {
		return nil, err
	}
	response, err := client(t.cfg.Client).Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %s", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxMetadata))
	if err != nil {
		return nil, err
	}
	return readMetadata(text, t.cfg.GatewayIssuer)
}

// client does not follow redirects: what is asked of the gateway is answered by the gateway.
func client(c *http.Client) *http.Client {
	own := http.Client{Timeout: 10 * time.Second}
	if c != nil {
		own = *c
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// readMetadata reads the certificates that an identity provider signs with.
func readMetadata(text []byte, issuer string) ([]*x509.Certificate, error) {
	doc, err := parse(text)
	if err != nil {
		return nil, err
	}
	root := doc.Root()
	if root.Tag != "EntityDescriptor" || root.NamespaceURI() != metadataNamespace || root.SelectAttrValue("entityID", "") != issuer {
		return nil, errors.New("not the gateway's")
	}
	var list []*x509.Certificate
	for _, key := range root.FindElements("./IDPSSODescriptor/KeyDescriptor") {
		if use := key.SelectAttrValue("use", "signing"); use != "signing" {
			continue
		}
		certificates, err := certificatesIn(key)
		if err != nil {
			return nil, err
		}
		list = append(list, certificates...)
	}
	if len(list) == 0 {
		return nil, errors.New("no certificate that signs")
	}
	return list, nil
}

func certificatesIn(key *etree.Element) (list []*x509.Certificate, err error) {
	for _, e := range key.FindElements("./KeyInfo/X509Data/X509Certificate") {
		der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(e.Text()), ""))
		if err != nil {
			return nil, err
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		list = append(list, certificate)
	}
	return list, nil
}
