package relying

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"clave/internal/audit"
	"clave/internal/secret"
)

// Store keeps the registered parties. Changes are made inside Do, and each counts the version of the list up.
type Store interface {
	Do(ctx context.Context, unit func(ctx context.Context) error) error
	// PartyByID finds one; within a unit nobody else changes it until the unit ends.
	PartyByID(ctx context.Context, id string) (Party, bool, error)
	// AddParty is false when its id is registered already.
	AddParty(ctx context.Context, p Party) (bool, error)
	// SaveParty and RemoveParty are false when it is not.
	SaveParty(ctx context.Context, p Party) (bool, error)
	RemoveParty(ctx context.Context, id string) (bool, error)
	AddAudit(ctx context.Context, e audit.Entry) error
}

// ErrExists means that a party with this id is registered already.
var ErrExists = errors.New("relying: the party is registered already")

// Keeper registers parties. It keeps nothing that Check refuses, and nothing without its record.
type Keeper struct {
	Store Store
	From  string // who acts, for the record
	Now   func() time.Time
}

// Add registers a party. Errors: Problems, ErrExists.
func (k Keeper) Add(ctx context.Context, p Party) error {
	if err := p.Check(k.Now()); err != nil {
		return err
	}
	return k.Store.Do(ctx, func(ctx context.Context) error { return k.add(ctx, p) })
}

func (k Keeper) add(ctx context.Context, p Party) error {
	ok, err := k.Store.AddParty(ctx, p)
	return k.record(ctx, ok, err, ErrExists, audit.Entry{Event: audit.PartyAdded, Party: p.ID})
}

// Change changes a party, and returns it as it is then. The function may be called twice, each time with the party as it
// stands. Errors: ErrUnknown, Problems, the function's own.
func (k Keeper) Change(ctx context.Context, id string, change func(*Party) error) (p Party, err error) {
	err = k.Store.Do(ctx, func(ctx context.Context) error {
		var ok bool
		if p, ok, err = k.Store.PartyByID(ctx, id); err != nil || !ok {
			return orElse(err, ErrUnknown)
		}
		before := p.JSON()
		if err := change(&p); err != nil {
			return err
		}
		p.ID = id
		if err := p.Check(k.Now()); err != nil {
			return err
		}
		return k.save(ctx, before, p)
	})
	return p, err
}

// Put registers a party, or makes the registered one what this one is. Errors: Problems.
func (k Keeper) Put(ctx context.Context, p Party) error {
	if err := p.Check(k.Now()); err != nil {
		return err
	}
	return k.Store.Do(ctx, func(ctx context.Context) error {
		old, ok, err := k.Store.PartyByID(ctx, p.ID)
		switch {
		case err != nil:
			return err
		case ok:
			return k.save(ctx, old.JSON(), p)
		default:
			return k.add(ctx, p)
		}
	})
}

func (k Keeper) save(ctx context.Context, before []byte, p Party) error {
	what := changed(before, p.JSON())
	if len(what) == 0 {
		return nil
	}
	ok, err := k.Store.SaveParty(ctx, p)
	return k.record(ctx, ok, err, ErrUnknown, audit.Entry{Event: audit.PartyChanged, Party: p.ID, Outcome: strings.Join(what, " ")})
}

// Remove strikes a party off: from then on its requests are refused. Errors: ErrUnknown.
func (k Keeper) Remove(ctx context.Context, id string) error {
	return k.Store.Do(ctx, func(ctx context.Context) error {
		ok, err := k.Store.RemoveParty(ctx, id)
		return k.record(ctx, ok, err, ErrUnknown, audit.Entry{Event: audit.PartyRemoved, Party: id})
	})
}

func (k Keeper) record(ctx context.Context, ok bool, err, otherwise error, e audit.Entry) error {
	if err != nil || !ok {
		return orElse(err, otherwise)
	}
	e.At, e.From = k.Now(), k.From
	e.ID = secret.ID(e.At)
	return k.Store.AddAudit(ctx, e)
}

func orElse(err, otherwise error) error {
	if err != nil {
		return fmt.Errorf("registered parties: %w", err)
	}
	return otherwise
}

// changed names the fields in which two JSON forms differ.
func changed(before, after []byte) (names []string) {
	old, now := fields("", before), fields("", after)
	every := maps.Clone(old)
	maps.Copy(every, now)
	for name := range sorted(every) {
		if !bytes.Equal(old[name], now[name]) {
			names = append(names, name)
		}
	}
	return names
}

// fields are the members of a JSON form; those of a protocol, each on its own.
func fields(path string, form []byte) map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	var members map[string]json.RawMessage
	if json.Unmarshal(form, &members) != nil {
		return all
	}
	for name, value := range members {
		if path == "" && slices.Contains([]string{"saml", "oidc"}, name) {
			maps.Copy(all, fields(name+".", value))
			continue
		}
		all[path+name] = value
	}
	return all
}
