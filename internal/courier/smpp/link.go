package smpp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"clave/internal/courier"
)

// link is one bound connection. When anything is wrong with it, it ends, and another takes its place.
type link struct {
	conn   net.Conn
	in     *bufio.Reader
	window chan struct{}
	answer time.Duration
	gone   chan struct{} // closed when it has ended
	heard  atomic.Int64  // when something came last, in nanoseconds of the clock

	writing  sync.Mutex
	mu       sync.Mutex
	waiting  map[int32]chan frame
	sequence int32
	ended    bool
	why      error
}

func newLink(conn net.Conn, window int, answer time.Duration) *link {
	return &link{
		conn: conn, in: bufio.NewReader(conn), window: make(chan struct{}, window), answer: answer,
		gone: make(chan struct{}), waiting: map[int32]chan frame{},
	}
}

func (l *link) leave() { <-l.window }

// end ends the link, once. Whoever waits for an answer learns that none will come.
func (l *link) end(why error) {
	l.mu.Lock()
	first := !l.ended
	if first {
		l.ended, l.why = true, why
		close(l.gone)
	}
	l.mu.Unlock()
	if first {
		l.conn.Close() // a TLS connection says goodbye, which may take its time
	}
}

var errSilent = errors.New("no answer")

// request sends a PDU and waits for its answer. sent is false when certainly no octet of it went out.
func (l *link) request(ctx context.Context, p pdu.PDU) (f frame, sent bool, err error) {
	got, err := l.expect(p)
	if err != nil {
		return frame{}, false, err
	}
	defer l.forget(p.GetSequenceNumber())
	if err := l.write(marshal(p)); err != nil {
		return frame{}, true, err
	}
	late := time.NewTimer(l.answer)
	defer late.Stop()
	select {
	case f := <-got:
		return f, true, nil
	case <-l.gone:
		select { // it may have come just before
		case f := <-got:
			return f, true, nil
		default:
			return frame{}, true, l.why
		}
	case <-late.C:
		return frame{}, true, errSilent
	case <-ctx.Done():
		return frame{}, true, ctx.Err()
	}
}

// expect numbers a PDU, and makes room for its answer before it is sent.
func (l *link) expect(p pdu.PDU) (<-chan frame, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return nil, l.why
	}
	if l.sequence++; l.sequence <= 0 {
		l.sequence = 1
	}
	p.SetSequenceNumber(l.sequence)
	got := make(chan frame, 1)
	l.waiting[l.sequence] = got
	return got, nil
}

func (l *link) forget(sequence int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiting, sequence)
}

func (l *link) write(octets []byte) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.conn.SetWriteDeadline(time.Now().Add(l.answer))
	if _, err := l.conn.Write(octets); err != nil {
		l.end(err)
		return err
	}
	return nil
}

// submit sends one part, and returns the id that the message centre gave it. Errors: those of statusError, courier.ErrBusy
// when the link had ended before; any other leaves it unknown.
func (l *link) submit(ctx context.Context, m *pdu.SubmitSM) (id string, err error) {
	f, sent, err := l.request(ctx, m)
	switch {
	case err != nil && !sent:
		return "", fmt.Errorf("%w: %v", courier.ErrBusy, err)
	case err != nil:
		return "", fmt.Errorf("smpp: sent, and then: %v", err) // not %w: it must not be taken for a certain answer
	case f.CommandStatus != data.ESME_ROK:
		return "", statusError(f.CommandStatus)
	}
	if answer, ok := f.body.(*pdu.SubmitSMResp); ok {
		return answer.MessageID, nil
	}
	return "", fmt.Errorf("smpp: an answer of another kind, 0x%08x", uint32(f.CommandID))
}

// read takes what comes until the link ends. Receipts go to a channel of the link's own.
func (l *link) read(receipts chan<- frame) {
	for {
		f, err := readFrame(l.in)
		if err != nil {
			l.end(err)
			return
		}
		l.heard.Store(time.Now().UnixNano())
		if err := l.take(f, receipts); err != nil {
			l.end(err)
			return
		}
	}
}

var errUnbind = errors.New("unbound by the message centre")

const answerBit = 0x80000000

func (l *link) take(f frame, receipts chan<- frame) error {
	switch {
	case uint32(f.CommandID)&answerBit != 0: // an answer, or generic_nack
		l.mu.Lock()
		defer l.mu.Unlock()
		if got, ok := l.waiting[f.SequenceNumber]; ok {
			delete(l.waiting, f.SequenceNumber)
			got <- f
		}
		return nil
	case f.CommandID == data.ENQUIRE_LINK:
		return l.write(answer(data.ENQUIRE_LINK_RESP, f.SequenceNumber, data.ESME_ROK))
	case f.CommandID == data.UNBIND:
		l.write(answer(data.UNBIND_RESP, f.SequenceNumber, data.ESME_ROK))
		return errUnbind
	case f.CommandID == data.DELIVER_SM:
		select {
		case receipts <- f:
			return nil
		default: // so many are being noted that this one must come again
			return l.write(answer(data.DELIVER_SM_RESP, f.SequenceNumber, data.ESME_RX_T_APPN))
		}
	case f.CommandID == data.ALERT_NOTIFICATION:
		return nil
	default:
		return l.write(answer(data.GENERIC_NACK, f.SequenceNumber, data.ESME_RINVCMDID))
	}
}

// enquire asks a silent link whether it lives, and ends it when it does not.
func (l *link) enquire(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-l.gone:
			return
		case now := <-tick.C:
			if now.UnixNano()-l.heard.Load() < int64(every) {
				continue
			}
		}
		if _, _, err := l.request(context.Background(), pdu.NewEnquireLink()); err != nil {
			l.end(fmt.Errorf("enquire_link: %w", err))
			return
		}
	}
}
