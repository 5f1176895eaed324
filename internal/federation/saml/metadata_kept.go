package saml

import (
	"crypto/x509"
	"slices"
	"sync"
	"time"
)

const publishedFor = time.Minute

// published is the metadata that was signed last.
type published struct {
	mu           sync.Mutex
	text         []byte
	at           time.Time
	certificates []*x509.Certificate
}

// of is the metadata of these certificates, signed again when one has changed or its time is over: by one visitor, while others
// wait for it.
func (p *published) of(certificates []*x509.Certificate, now time.Time, sign func() ([]byte, error)) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	age := now.Sub(p.at)
	if p.text != nil && age >= 0 && age < publishedFor && slices.EqualFunc(p.certificates, certificates, (*x509.Certificate).Equal) {
		return slices.Clone(p.text), nil
	}
	text, err := sign()
	if err != nil {
		return nil, err
	}
	p.text, p.at, p.certificates = text, now, certificates
	return slices.Clone(text), nil
}
