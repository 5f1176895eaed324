package config

import (
	"clave/internal/census"
	"clave/internal/courier"
	"clave/internal/node"
	"clave/internal/notify"
	"clave/internal/person"
	"clave/internal/store"
	"time"
)

// Build says how the node is built that the file describes. The clock is the machine's: nothing moves it.
func (c *Config) Build(carriers map[notify.Channel]courier.Carrier, fatal func(error)) node.Config {
	return node.Config{
		Kind: c.Kind, Database: c.Database.Address.Reveal(), Ring: c.Ring, Origin: c.Origin,
		Census:   func(s *store.Store) person.Census { return census.Table{Store: s} },
		Carriers: carriers, Policy: c.Policy, PINStyle: c.PIN.Style,
		PIN: c.Limits.PIN, Letters: c.Limits.Letters, Sessions: c.Limits.Sessions, Confirm: c.Limits.Confirm,
		Capacity: c.Capacity, Help: c.Help, Organization: c.Organization, Connections: c.Database.Connections,
		Now: time.Now, Fatal: fatal,
	}
}
