package courier

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"clave/internal/notify"
)

// Carrier takes messages of one channel.
type Carrier interface {
	// Send hands over one message and says what became of it. Errors: ErrRefused when it certainly did not and will not go
	// out, ErrBusy when it certainly did not go out yet; any other leaves it unknown. It is called from many goroutines, and
	// returns when its ctx ends.
	Send(ctx context.Context, p Parcel) (Taken, error)
}

// Taken is what a carrier says of a message that it took.
type Taken struct {
	State notify.State // notify.Accepted or notify.Delivered
	Ref   string       // what the carrier will call it in a receipt, unique over all carriers and time: "name:id"; empty when none will come
}

// Receipt is what a carrier says, later, of a message that it had accepted.
type Receipt struct {
	Ref   string       // as in Taken; or, from a carrier that is handed every message of its channel, OwnRef and the message's own id
	State notify.State // notify.Delivered or notify.Refused
}

// OwnRef begins the Ref of a receipt that repeats our own id. Of several carriers none may say it, nor be named so: one that learnt the id of
// a message that another was handed would speak for it.
const OwnRef = "id:"

// CheckName refuses a name that would make a carrier's refs read as our own ids, or as another carrier's.
func CheckName(name string) error {
	if name == "" || strings.ContainsAny(name, ": \n") || strings.EqualFold(name+":", OwnRef) {
		return errName
	}
	return nil
}

var errName = errors.New(`want a short word without ":", other than "id"`)

// Reporter is a Carrier that also sends receipts.
type Reporter interface {
	Carrier
	// Report hands over receipts until ctx ends. Only when note returned nil may the carrier forget them: a receipt may come
	// twice, and none is lost.
	Report(ctx context.Context, note func(ctx context.Context, list []Receipt) error)
}

// The certain answers of a carrier that did not take a message.
var (
	ErrRefused = errors.New("courier: the carrier refused the message")
	ErrBusy    = errors.New("courier: the carrier cannot take the message now")
	ErrRate    = fmt.Errorf("%w: its rate is reached", ErrBusy)            // ours for it: the carrier was not asked
	ErrNobody  = fmt.Errorf("%w: nobody can be reached there", ErrRefused) // no other carrier need be asked
)
