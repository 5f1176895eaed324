package smpp

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp/data"

	"clave/internal/courier"
)

// statusError is a negative answer of the message centre (SMPP 3.4, 5.1.3).
type statusError data.CommandStatusType

func (e statusError) Error() string { return fmt.Sprintf("answered 0x%08x", uint32(e)) }

// Is says what the answer means. A negative answer means that the message was not taken; only "unknown error" is believed
// to know nothing. What is wrong with the message itself will not be right later; everything else (throttling, a full queue,
// a bind without rights, a system error) may be.
func (e statusError) Is(target error) bool {
	switch data.CommandStatusType(e) {
	case data.ESME_RUNKNOWNERR:
		return false
	case data.ESME_RINVMSGLEN, data.ESME_RINVDSTADR, data.ESME_RINVDSTTON, data.ESME_RINVDSTNPI, data.ESME_RINVESMCLASS,
		data.ESME_RINVEXPIRY, data.ESME_RX_P_APPN, data.ESME_RX_R_APPN:
		return target == courier.ErrRefused
	default:
		return target == courier.ErrBusy
	}
}

func throttled(err error) bool {
	var status statusError
	return errors.As(err, &status) &&
		(data.CommandStatusType(status) == data.ESME_RTHROTTLED || data.CommandStatusType(status) == data.ESME_RMSGQFUL)
}

// slower leaves the message centre alone for a second when it says that it gets too much, and longer when it says so again.
type slower struct {
	mu    sync.Mutex
	until time.Time
	rest  time.Duration
}

func (s *slower) rests(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Before(s.until)
}

func (s *slower) heed(err error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		s.rest = 0
	case throttled(err) && !now.Before(s.until): // those sent beside it get the same answer
		s.rest = min(max(2*s.rest, time.Second), 8*time.Second)
		s.until = now.Add(s.rest)
	}
}
