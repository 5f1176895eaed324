package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clave/internal/assurance"
	"clave/internal/keyring"
	"clave/internal/relying"
	"clave/internal/secret"
	"clave/internal/store"
)

// partyAdd is `clave party add`.
type partyAdd struct {
	partyBook `embed:""`

	Certificate []string `help:"From the certificate that signs its SAML requests (PEM or DER)." type:"existingfile" placeholder:"FILE"`
	Metadata    string   `help:"From its SAML metadata (an EntityDescriptor); -id and -name say what stands nowhere there." placeholder:"FILE"`
	JSON        string   `help:"From its JSON form; - reads standard input." placeholder:"FILE"`
	Replace     bool     `help:"Replace the service that is registered with this id."`

	ID           string   `help:"Its ProviderName up to the semicolon, and its client_id." placeholder:"ID"`
	Name         []string `help:"Its name in Spanish, or in another language: en=NAME." sep:"none" placeholder:"[LANG=]NAME"`
	Return       []string `help:"An address that gets SAML answers; one that ends in /* allows any path below it." sep:"none" placeholder:"URL"`
	Logout       string   `help:"The address that takes our SAML requests to log out." placeholder:"URL"`
	LogoutReturn []string `help:"An address that its own SAML logout returns to." sep:"none" placeholder:"URL"`
	Level        string   `help:"The least level that it accepts." enum:",low,substantial,high" default:"" placeholder:"low|substantial|high"`
	Method       []string `help:"A method that it accepts; without any, all." placeholder:"METHOD"`
	Release      []string `help:"What it may be told of a person: nif, names; without any, all." placeholder:"ATTRIBUTE"`
	Contact      []string `help:"An e-mail address of those who run it." placeholder:"ADDRESS"`
	Logo         string   `help:"Its logo: a PNG of at most 32 KiB and 512 × 512 pixels." type:"existingfile" placeholder:"FILE"`
	Private      bool     `help:"It is no public body: it stays out of single sign-on."`
	Isolated     bool     `help:"It asked to stay out of single sign-on."`
	Test         bool     `help:"It may use plain http on loopback, and a live Cl@ve refuses it."`
	Secret       bool     `help:"Draw its client secret for OpenID Connect, and show it once."`
}

// Run registers a service.
func (c *partyAdd) Run(ctx context.Context) error {
	p, err := c.party()
	if err != nil {
		return advised(err)
	}
	drawn := ""
	if c.Secret {
		if p.OIDC == nil {
			return errors.New("-secret is for services that speak OpenID Connect: give their JSON form by -json")
		}
		drawn = drawSecret(p.OIDC)
	}
	return offered(p, c.open(ctx, func(s *store.Store) error {
		others, _, err := s.Parties(ctx)
		if err != nil {
			return err
		}
		save := keeper(s).Add
		if c.Replace {
			save = keeper(s).Put
		}
		if err := save(ctx, p); err != nil {
			return err
		}
		c.print(shown(p, time.Now()))
		c.warn(p.Doubts(others))
		c.tell(p, drawn)
		return nil
	}))
}

// offered is advised, and says who can draw the secret that a service lacks.
func offered(p relying.Party, err error) error {
	_, problem := errors.AsType[relying.Problem](err)
	err = advised(err)
	o := p.OIDC
	if problem && o != nil && len(o.SecretHashes) == 0 && (o.Auth == relying.SecretBasic || o.Auth == relying.SecretPost) {
		return fmt.Errorf("%w\n-secret draws its secret, and shows it once", err)
	}
	return err
}

func (c *partyAdd) warn(doubts []string) {
	if len(doubts) > 0 {
		c.print("\nIt is registered, but look again at what people will read:\n  " + strings.Join(doubts, "\n  "))
	}
}

// tell says what the operator has to know, and to do.
func (c *partyAdd) tell(p relying.Party, drawn string) {
	if ring, err := keyring.Open(c.Keys); err == nil && ring.Kind() == keyring.Live && p.Test {
		c.print("\nIt is a test service, and this database is live: all it gets are refusals.")
	}
	c.tellSecret(drawn)
}

func (b *partyBook) tellSecret(drawn string) {
	if drawn != "" {
		b.print("\nIts secret, which is shown this once and kept nowhere:\n\n" + drawn)
	}
}

// drawSecret gives a client a secret of 256 bits, of which only the hash stays.
func drawSecret(o *relying.OIDC) string {
	drawn := secret.Token().Reveal()
	sum := sha256.Sum256([]byte(drawn))
	o.AddSecret(sum[:])
	return drawn
}

// party is what the files and flags say.
func (c *partyAdd) party() (relying.Party, error) {
	p, err := c.read()
	if err != nil {
		return p, err
	}
	return p, errors.Join(c.saml(&p), c.common(&p))
}

func (c *partyAdd) saml(p *relying.Party) error {
	if p.SAML == nil {
		if c.Return != nil || c.LogoutReturn != nil || c.Logout != "" {
			return errors.New("-return, -logout and -logout-return are of SAML, which this service does not speak")
		}
		return nil
	}
	s := *p.SAML
	s.ReturnTo, s.LogoutReturn = given(c.Return, s.ReturnTo), given(c.LogoutReturn, s.LogoutReturn)
	if c.Logout != "" {
		s.Logout = c.Logout
	}
	p.SAML = &s
	return nil
}

func (c *partyAdd) common(p *relying.Party) (err error) {
	if c.ID != "" {
		p.ID = c.ID
	}
	p.Names = named(p.Names, c.Name)
	p.Methods, p.Released = given(kinds[assurance.Method](c.Method), p.Methods), given(kinds[relying.Attribute](c.Release), p.Released)
	p.Contacts = given(c.Contact, p.Contacts)
	p.Private, p.Isolated, p.Test = p.Private || c.Private, p.Isolated || c.Isolated, p.Test || c.Test
	if c.Level != "" {
		if p.Level, err = assurance.ParseLevel(c.Level); err != nil {
			return err
		}
	}
	if c.Logo != "" {
		p.Logo, err = readFile(c.Logo)
	}
	return err
}

func given[T any](flag, otherwise []T) []T {
	if len(flag) > 0 {
		return flag
	}
	return otherwise
}

func kinds[S ~string](plain []string) (list []S) {
	for _, s := range plain {
		list = append(list, S(s))
	}
	return list
}

// named adds names, of which one without a language is the Spanish one.
func named(names map[string]string, more []string) map[string]string {
	all := map[string]string{}
	for lang, name := range names {
		all[lang] = name
	}
	for _, text := range more {
		lang, name, ok := strings.Cut(text, "=")
		if !ok || !slices.Contains(relying.Langs, lang) {
			lang, name = "es", text
		}
		all[lang] = name
	}
	return all
}
