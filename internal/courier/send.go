package courier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"clave/internal/notify"
)

// end is what became of one attempt to send.
type end struct {
	state    notify.State
	ref      string // what a receipt will call it
	again    bool   // it has no state yet: try again
	answered bool   // by the carrier, or it was not asked
	full     bool   // it was not asked: our rate for it is reached
}

// send says what became of one message. An unknown outcome is the end of a code, and a reason to repeat anything else.
func (c *Courier) send(ctx context.Context, carrier Carrier, m notify.Message) end {
	taken, err := carry(ctx, carrier, m)
	if err == nil {
		return end{state: taken.State, ref: taken.Ref, answered: true}
	}
	if errors.Is(err, ErrRate) { // nothing is wrong: it waits for its turn
		slog.DebugContext(ctx, "courier: not sent yet", "id", m.ID, "kind", string(m.Kind), "err", err)
		return end{again: true, full: true}
	}
	slog.WarnContext(ctx, "courier: not sent, or not certainly", "id", m.ID, "kind", string(m.Kind), "err", err)
	switch {
	case errors.Is(err, ErrRefused), errors.Is(err, ErrValue):
		return end{state: notify.Refused, answered: true}
	case errors.Is(err, ErrBusy), !m.Kind.Once():
		return end{again: true}
	default:
		return end{state: notify.Lost}
	}
}

var errPanic = errors.New("courier: panicked")

// carry writes a message and hands it over. One message that a carrier or the layout of a letter cannot bear must not end
// the process, which would begin anew with that same message.
func carry(ctx context.Context, carrier Carrier, m notify.Message) (taken Taken, err error) {
	defer func() {
		if p := recover(); p != nil { // its value may be a citizen's
			err = fmt.Errorf("%w with a %T", errPanic, p)
		}
	}()
	parcel, err := Write(m)
	if err != nil {
		return Taken{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, sendFor)
	defer cancel()
	taken, err = carrier.Send(ctx, parcel)
	if err == nil && taken.State != notify.Accepted && taken.State != notify.Delivered {
		err = fmt.Errorf("courier: a carrier cannot say %q", taken.State)
	}
	return taken, err
}
