package main

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"clave/internal/keyring"
)

// keysList is `clave keys list`.
type keysList struct {
	ringFile     `embed:""`
	Certificates bool `help:"Print each one's certificate too, for services that must be given it."`
}

// Run prints what anybody may know of the keys.
func (c *keysList) Run() error { return c.print(os.Stdout, time.Now()) }

func (c *keysList) print(out io.Writer, now time.Time) error {
	ring, err := keyring.Open(c.Keys)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tID\tSIGNS\tSINCE\tCERTIFICATE UNTIL")
	printMasters(table, ring, now)
	for _, name := range keyring.Names() {
		printKeys(table, ring, name, now)
	}
	if err := table.Flush(); err != nil || !c.Certificates {
		return err
	}
	for _, name := range keyring.Names() {
		if err := printCertificates(out, ring, name); err != nil {
			return err
		}
	}
	return nil
}

func printKeys(table io.Writer, ring *keyring.Ring, name string, now time.Time) {
	signing, err := ring.Signing(name, now)
	if err != nil {
		fmt.Fprintf(table, "%s\tmissing: run clave keys complete\n", name)
		return
	}
	known, _ := ring.Signings(name) // which has the one above
	for _, s := range known {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", name, s.ID, when(s, signing), at(s.Since), at(s.Certificate.NotAfter))
	}
}

func printCertificates(out io.Writer, ring *keyring.Ring, name string) error {
	known, _ := ring.Signings(name) // none is told in the table
	for _, s := range known {
		fmt.Fprintf(out, "\n%s %s\n", name, s.ID)
		if err := pem.Encode(out, &pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate.Raw}); err != nil {
			return err
		}
	}
	return nil
}

// when says how a key stands to the one that signs now.
func when(s, signing keyring.Signing) string {
	switch {
	case s.ID == signing.ID:
		return "now"
	case s.Since.After(signing.Since):
		return "next"
	}
	return "old"
}

func at(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// keysRotate is `clave keys rotate`.
type keysRotate struct {
	ringFile `embed:""`
	Name     string         `help:"Which key: saml, oidc, oidc-rs256 or master." required:"" enum:"saml,oidc,oidc-rs256,master" placeholder:"NAME"`
	Lead     *time.Duration `help:"How long until it signs or seals; 48h for saml, 1h for the others." xor:"when" placeholder:"48h"`
	Since    *time.Time     `help:"When it signs from, instead." xor:"when" placeholder:"2026-12-01T03:00:00Z"`
}

// Run makes a key that verifiers learn of now and that signs later.
func (c *keysRotate) Run() error { return c.rotate(os.Stdout, time.Now()) }

func (c *keysRotate) rotate(out io.Writer, now time.Time) error {
	lead := c.lead(now)
	if lead < 0 {
		return errors.New("-since and -lead: a key cannot sign from a time that has passed")
	}
	if c.Name == "master" {
		return c.rotateMaster(out, now, lead)
	}
	s, err := keyring.Rotate(c.Keys, c.Name, now, lead)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s %s signs from %s on.\n", c.Name, s.ID, at(s.Since))
	if lead < usualLead(c.Name) {
		fmt.Fprintf(out, "Services that do not know it by then refuse what it signs; %.0fh is usual.\n", usualLead(c.Name).Hours())
	}
	return nil
}

func (c *keysRotate) lead(now time.Time) time.Duration {
	switch {
	case c.Lead != nil:
		return *c.Lead
	case c.Since != nil:
		return c.Since.Sub(now)
	}
	return usualLead(c.Name)
}

// usualLead is long enough for those who verify: services fetch the keys of OpenID Connect by themselves; SAML certificates pass through
// people's hands.
func usualLead(name string) time.Duration {
	switch name {
	case "saml":
		return 48 * time.Hour
	case "master":
		return masterLead
	}
	return time.Hour
}

// keysRemove is `clave keys remove`.
type keysRemove struct {
	ringFile `embed:""`
	ID       string `name:"id" help:"Which key, as clave keys list shows it." required:"" placeholder:"ID"`
	Database string `help:"For a master key: the database, in which no row may depend on it any more." placeholder:"DATABASE"`
}

// Run takes out a key that was stolen or is not wanted; the one that signs or seals now is refused.
func (c *keysRemove) Run(ctx context.Context) error { return c.remove(ctx, time.Now()) }

func (c *keysRemove) remove(ctx context.Context, now time.Time) error {
	master, err := c.isMaster(now)
	if err != nil {
		return err
	}
	if master {
		return c.removeMaster(ctx, now)
	}
	return keyring.Remove(c.Keys, c.ID, now)
}

// keysComplete is `clave keys complete`.
type keysComplete struct {
	ringFile `embed:""`
}

// Run brings the ring up to date; run again, it changes nothing.
func (c *keysComplete) Run() error { return keyring.Complete(c.Keys, time.Now()) }
