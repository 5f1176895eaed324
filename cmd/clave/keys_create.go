package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"errors"

	"clave/internal/keyring"
)

// keysCreate is `clave keys create`.
type keysCreate struct {
	Kind string `help:"What it is for: live, or demo." required:"" enum:"live,demo" placeholder:"live|demo"`
	Keys string `help:"The file to make; readable by its owner only." required:"" type:"path" placeholder:"FILE"`

	Module  string `help:"Keep the keys in a PKCS #11 token: its maker's library." and:"token" type:"path" placeholder:"FILE"`
	Token   string `help:"The token's label." and:"token" placeholder:"LABEL"`
	PINFile string `name:"pin-file" help:"The file with the token's PIN." and:"token" type:"path" placeholder:"FILE"`
}

// Run makes a ring with all keys. One that exists is never overwritten: what it sealed would be lost for ever.
func (c *keysCreate) Run() error { return c.create(os.Stdout, time.Now()) }

func (c *keysCreate) create(out io.Writer, now time.Time) error {
	err := c.draw(now)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already, and is never overwritten: without it nothing that it sealed can be read", c.Keys)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s holds the keys of a %s installation.\n"+
		"Whoever has it and the database reads everything; without it the database is lost. Keep a copy where the database's copies are not.\n", c.Keys, c.Kind)
	return err
}

func (c *keysCreate) draw(now time.Time) (err error) {
	if c.Module == "" {
		_, err = keyring.Create(c.Keys, keyring.Kind(c.Kind), now)
		return err
	}
	_, err = keyring.CreateHardware(c.Keys, keyring.Kind(c.Kind), keyring.Hardware{Module: c.Module, Token: c.Token, PINFile: c.PINFile}, now)
	return err
}
