package census

import (
	"context"

	"clave/internal/crowd"
	"clave/internal/nif"
	"clave/internal/person"
)

// Calm asks a register by a lane of its own, and keeps nobody's place at the door meanwhile: one that hangs slows down those who
// need it, until their deadline, and nobody else.
type Calm struct {
	Census person.Census
	Lane   *crowd.Lane
}

// Match implements the look-up. Errors: crowd.ErrFull, those of ctx, and the register's.
func (c Calm) Match(ctx context.Context, n nif.NIF, d nif.Datum) (answer person.Answer, err error) {
	crowd.Aside(ctx, func() {
		answer, err = crowd.Ask(ctx, c.Lane, func(ctx context.Context) (person.Answer, error) { return c.Census.Match(ctx, n, d) })
	})
	return answer, err
}
