package main

import (
	"errors"
	"fmt"

	"clave/internal/config"
	"clave/internal/keyring"
)

// ringFile is the key ring that a command works on.
type ringFile struct {
	Keys   string `help:"The key ring." type:"existingfile" placeholder:"FILE"`
	Config string `help:"Or the configuration of clave serve, which names it." placeholder:"FILE"`
}

// AfterApply takes from the configuration what was not given.
func (f *ringFile) AfterApply() error {
	_, keys, err := located(f.Config, "", f.Keys)
	if err == nil && keys == "" {
		err = errors.New("say which keys: by -keys FILE, or by -config FILE")
	}
	f.Keys = keys
	return err
}

// place is the database that a command works on, and its keys.
type place struct {
	Database string `help:"The database: a path, or a postgres:// address." placeholder:"DATABASE"`
	Keys     string `help:"The key ring of that database." type:"existingfile" placeholder:"FILE"`
	Config   string `help:"Or the configuration of clave serve, which names both." placeholder:"FILE"`
}

// AfterApply takes from the configuration what was not given.
func (p *place) AfterApply() (err error) {
	p.Database, p.Keys, err = located(p.Config, p.Database, p.Keys)
	if err == nil && (p.Database == "" || p.Keys == "") {
		err = errors.New("say where: by -database DATABASE and -keys FILE, or by -config FILE")
	}
	return err
}

// located is what a configuration names, or what was given instead of one.
func located(file, database, keys string) (string, string, error) {
	if file == "" {
		return database, keys, nil
	}
	if database != "" || keys != "" {
		return "", "", errors.New("-config names database and keys: -database and -keys are for where there is none")
	}
	c, err := config.LoadData(file)
	if err != nil {
		return "", "", fileError{err}
	}
	return c.Database.Address.Reveal(), c.Keys.File, nil
}

// fileError is of a configuration, not of how the command was written: its usage is no help.
type fileError struct{ error }

func (e fileError) Unwrap() error { return e.error }

// ring opens the keys; a kind that was given must be theirs.
func (p *place) ring(kind string) (*keyring.Ring, error) {
	ring, err := keyring.Open(p.Keys)
	if err == nil && kind != "" && ring.Kind() != keyring.Kind(kind) {
		err = fmt.Errorf("the key ring is %s, the database is to be %s", ring.Kind(), kind)
	}
	return ring, err
}
