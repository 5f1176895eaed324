package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"clave/internal/relying"
)

// partyRotate is `clave party rotate`.
type partyRotate struct {
	partyBook   `embed:""`
	ID          string `arg:"" help:"Of the service."`
	Certificate string `help:"A certificate that will sign its SAML requests, beside those that do." type:"existingfile" placeholder:"FILE"`
	Secret      bool   `help:"Draw a new client secret and show it once; the last one stays valid."`
	JWKS        string `name:"jwks" help:"Public keys of its own for OpenID Connect (a JWK Set), beside those registered." type:"existingfile" placeholder:"FILE"`
	DropOld     bool   `help:"Drop the older ones: of what is added, or of everything when nothing is."`
}

// Run changes the keys of a service.
func (c *partyRotate) Run(ctx context.Context) error {
	if c.Certificate == "" && !c.Secret && c.JWKS == "" && !c.DropOld {
		return errors.New("say what is new, by -certificate FILE, -secret or -jwks FILE; or -drop-old when the old ones are used no more")
	}
	files, err := c.read()
	if err != nil {
		return err
	}
	return c.change(ctx, func(k relying.Keeper) error {
		drawn := ""
		p, err := k.Change(ctx, c.ID, func(p *relying.Party) (err error) {
			drawn, err = c.apply(p, files)
			return err
		})
		if err != nil {
			return err
		}
		c.print(shown(p, time.Now()))
		c.tell(p)
		c.tellSecret(drawn)
		return nil
	})
}

// rotateFiles are the new keys, read before anything is changed.
type rotateFiles struct {
	certificate *x509.Certificate
	keys        json.RawMessage
}

func (c *partyRotate) read() (files rotateFiles, err error) {
	if c.Certificate != "" {
		if files.certificate, err = readCertificate(c.Certificate); err != nil {
			return files, err
		}
	}
	if c.JWKS != "" {
		files.keys, err = readFile(c.JWKS)
	}
	return files, err
}

func (c *partyRotate) apply(p *relying.Party, files rotateFiles) (drawn string, err error) {
	everything := files.certificate == nil && files.keys == nil && !c.Secret
	if files.certificate != nil {
		if p.SAML == nil {
			return "", errors.New("-certificate is of SAML, which this service does not speak")
		}
		if err := p.SAML.AddCertificate(files.certificate, time.Now()); err != nil {
			return "", fmt.Errorf("-certificate: %w", err)
		}
	}
	if p.OIDC == nil && (c.Secret || files.keys != nil) {
		return "", errors.New("-secret and -jwks are of OpenID Connect, which this service does not speak")
	}
	if c.Secret {
		drawn = drawSecret(p.OIDC)
	}
	if files.keys != nil {
		if err := c.addKeys(p.OIDC, files.keys); err != nil {
			return "", err
		}
	}
	if c.DropOld && p.SAML != nil && (everything || files.certificate != nil) {
		p.SAML.KeepNewest()
	}
	if c.DropOld && p.OIDC != nil && (everything || c.Secret) {
		p.OIDC.KeepNewest()
	}
	return drawn, nil
}

func (c *partyRotate) addKeys(o *relying.OIDC, keys json.RawMessage) error {
	if o.KeysURI != "" {
		return errors.New("this service publishes its keys at " + o.KeysURI + ": it replaces them there")
	}
	if c.DropOld {
		o.Keys = nil
	}
	return o.AddKeys(keys)
}

// tell says what is left to do.
func (c *partyRotate) tell(p relying.Party) {
	twoCertificates := p.SAML != nil && len(p.SAML.Certificates) > 1
	twoSecrets := p.OIDC != nil && len(p.OIDC.SecretHashes) > 1
	if twoCertificates || twoSecrets {
		c.print("\nOld and new are both good. When the service uses the new one only: clave party rotate " + p.ID + " -drop-old …")
	}
}
