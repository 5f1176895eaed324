package spool

import (
	"context"
	"time"

	"clave/internal/courier"
)

// At moves the clock of a carrier that nobody is using.
func (c *Carrier) At(now time.Time) { c.now = func() time.Time { return now } }

// LookOnce does once what Report does for ever.
func (c *Carrier) LookOnce(ctx context.Context, note func(context.Context, []courier.Receipt) error) error {
	return c.look(ctx, note)
}

// ParseManifest reads what Manifest's file says.
var ParseManifest = parseManifest
