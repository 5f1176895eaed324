package courier

import (
	"cmp"
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"clave/internal/notify"
	"clave/internal/telemetry"
)

// watched sends one message and counts it. Its trace says which message, by an id that names nobody.
func (c *Courier) watched(ctx context.Context, channel notify.Channel, carrier Carrier, m notify.Message) end {
	ctx, span := telemetry.Root(ctx, "courier.send", attribute.String("message", m.ID), attribute.String("channel", string(channel)))
	defer span.End()
	began := time.Now()
	e := c.send(ctx, carrier, m)
	c.Seen.Sent(string(channel), outcomeOf(e), began)
	return e
}

// outcomeOf is a word for what became of an attempt.
func outcomeOf(e end) string {
	if e.again {
		return "again"
	}
	return cmp.Or(string(e.state), "none")
}
