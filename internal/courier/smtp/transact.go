package smtp

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"

	"clave/internal/courier"
)

// The steps of handing over an e-mail.
const (
	stepMail = "MAIL"
	stepRcpt = "RCPT"
	stepData = "DATA"
	stepText = "the text"     // before its last line
	stepEnd  = "the last dot" // from here on the server may have it
)

// transact hands over one e-mail (RFC 5321 §3.3).
func (o *connection) transact(ctx context.Context, e envelope) (failed *broken) {
	err := o.until(ctx, func() error {
		if err := o.client.Mail("<" + e.from + ">"); err != nil {
			return failure(stepMail, err)
		}
		if err := o.client.Rcpt("<" + e.to + ">"); err != nil {
			return failure(stepRcpt, err)
		}
		text, err := o.client.Data()
		if err != nil {
			return failure(stepData, err)
		}
		if _, err := text.Write(e.message); err != nil {
			return failure(stepText, err)
		}
		if err := text.Close(); err != nil {
			return failure(stepEnd, err)
		}
		return nil
	})
	errors.As(err, &failed)
	return failed
}

// again makes a connection ready for another e-mail after one that failed, if it can be.
func (o *connection) again(ctx context.Context, failed *broken) bool {
	if failed.code == 0 || failed.code == closing {
		return false
	}
	return o.until(ctx, o.client.Reset) == nil
}

// Answers that mean something else than their first digit says.
const (
	closing   = 421 // the server closes the connection
	needsAuth = 530 // it wants to know us first: nothing is wrong with the e-mail
)

// broken is a step that failed. A server quotes the reader's address in what it says, so that only numbers are kept.
type broken struct {
	step   string
	code   int    // of the answer; zero: there was none
	status string // RFC 3463, such as 5.1.1; may be empty
	cause  error  // when there was no answer
}

var enhanced = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}\b`)

func failure(step string, err error) *broken {
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return &broken{step: step, code: answer.Code, status: enhanced.FindString(answer.Msg)}
	}
	var nonsense textproto.ProtocolError
	if errors.As(err, &nonsense) {
		err = errors.New("an answer that is not of SMTP")
	}
	return &broken{step: step, cause: err}
}

func (b *broken) Error() string {
	switch {
	case b.code == 0:
		return fmt.Sprintf("smtp: %s: %v", b.step, b.cause)
	case b.status == "":
		return fmt.Sprintf("smtp: %s: answered %d", b.step, b.code)
	}
	return fmt.Sprintf("smtp: %s: answered %d %s", b.step, b.code, b.status)
}

// againstUs tells whether a server that refuses a reader says that we may not write to anybody (RFC 3463 §3.8).
func (b *broken) againstUs() bool { return b.code == needsAuth || strings.HasPrefix(b.status, "5.7.") }

// meaning is what the courier is told. Only the reader and the text can be refused: what a server has against ourselves, the
// operator mends, and no notice may be lost by it.
func (b *broken) meaning() error {
	switch {
	case b.step == stepMail || b.step == stepText || b.code/100 == 4 || b.step == stepRcpt && b.againstUs():
		return fmt.Errorf("%w: %w", courier.ErrBusy, b)
	case b.code/100 == 5:
		return fmt.Errorf("%w: %w", courier.ErrRefused, b)
	case b.step == stepEnd:
		return b
	}
	return fmt.Errorf("%w: %w", courier.ErrBusy, b) // there was no answer, and no text
}
