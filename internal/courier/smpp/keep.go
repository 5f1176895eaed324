package smpp

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"clave/internal/courier"
	"clave/internal/secret"
)

// The rests between two tries to bind, which double; each is drawn from its upper half, or all nodes would come together.
const (
	bindFirst = 500 * time.Millisecond
	bindMost  = 30 * time.Second
	goodbye   = time.Second // how long unbind is waited for
)

type noter = func(ctx context.Context, list []courier.Receipt) error

// keep keeps one bind until ctx ends.
func (c *Carrier) keep(ctx context.Context, place *atomic.Pointer[link], note noter) {
	rest := bindFirst
	for ctx.Err() == nil {
		l, err := c.bind(ctx)
		if err == nil {
			slog.InfoContext(ctx, "smpp: bound", "carrier", c.Name)
			began := time.Now()
			err = c.serve(ctx, l, place, note)
			if time.Since(began) > bindMost {
				rest = bindFirst
			}
		}
		if ctx.Err() != nil {
			return
		}
		slog.WarnContext(ctx, "smpp: not bound", "carrier", c.Name, "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(jitter(rest)):
		}
		rest = min(2*rest, bindMost)
	}
}

func jitter(rest time.Duration) time.Duration {
	return rest/2 + rest/2*time.Duration(secret.Bytes(1)[0])/256
}

// serve uses a bound link until it or ctx ends, and returns why it ended.
func (c *Carrier) serve(ctx context.Context, l *link, place *atomic.Pointer[link], note noter) error {
	receipts := make(chan frame, 256)
	var parts sync.WaitGroup
	parts.Go(func() { l.read(receipts) })
	parts.Go(func() { l.enquire(c.Enquire) })
	parts.Go(func() { c.take(ctx, l, receipts, note) })
	place.Store(l)
	select {
	case <-l.gone:
	case <-ctx.Done():
	}
	place.Store(nil)
	if ctx.Err() != nil {
		l.unbind()
	}
	parts.Wait()
	return l.why
}

func (l *link) unbind() {
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	_, _, err := l.request(ctx, pdu.NewUnbind())
	l.end(err)
}

// bind connects and binds, both within the time of an answer.
func (c *Carrier) bind(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Answer)
	defer cancel()
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	l := newLink(conn, c.Window, c.Answer)
	if err := l.bind(c.Config); err != nil {
		conn.Close()
		return nil, err
	}
	if !stop() { // the deadline stands
		conn.Close()
		return nil, context.Cause(ctx)
	}
	l.heard.Store(time.Now().UnixNano())
	return l, nil
}

func (c *Carrier) dial(ctx context.Context) (net.Conn, error) {
	if c.TLS == nil {
		return new(net.Dialer).DialContext(ctx, "tcp", c.Address)
	}
	return (&tls.Dialer{Config: c.TLS}).DialContext(ctx, "tcp", c.Address)
}

func (l *link) bind(c Config) error {
	request := pdu.NewBindRequest(pdu.Transceiver)
	request.SystemID, request.Password, request.SystemType = c.System, c.Password, c.SystemType
	if _, err := l.expect(request); err != nil {
		return err
	}
	defer l.forget(request.GetSequenceNumber())
	if err := l.write(marshal(request)); err != nil {
		return err
	}
	for {
		f, err := readFrame(l.in)
		switch {
		case err != nil:
			return fmt.Errorf("bind: %w", err)
		case f.SequenceNumber != request.GetSequenceNumber() || uint32(f.CommandID)&answerBit == 0:
			continue
		case f.CommandStatus != data.ESME_ROK || f.CommandID != data.BIND_TRANSCEIVER_RESP:
			return fmt.Errorf("bind: %w", statusError(f.CommandStatus))
		}
		return nil
	}
}

// most is how many receipts are noted in one commit.
const most = 100

// take notes receipts, and only then says that we have them. What cannot be noted comes again.
func (c *Carrier) take(ctx context.Context, l *link, came <-chan frame, note noter) {
	for {
		var batch []frame
		select {
		case <-l.gone:
			return
		case f := <-came:
			batch = append(batch, f)
		}
		for len(batch) < most && len(came) > 0 {
			batch = append(batch, <-came)
		}
		status := data.ESME_ROK
		if list := c.receipts(batch); len(list) > 0 {
			if err := note(ctx, list); err != nil {
				slog.WarnContext(ctx, "smpp: receipts not noted", "carrier", c.Name, "receipts", len(list), "err", err)
				status = data.ESME_RX_T_APPN
			}
		}
		for _, f := range batch {
			if l.write(answer(data.DELIVER_SM_RESP, f.SequenceNumber, status)) != nil {
				return
			}
		}
	}
}

// receipts reads those that tell of an end. People's answers to our messages are not read.
func (c *Carrier) receipts(batch []frame) (list []courier.Receipt) {
	for _, f := range batch {
		if m, ok := f.body.(*pdu.DeliverSM); ok {
			if r, ok := c.receipt(m); ok {
				list = append(list, r)
			}
		}
	}
	return list
}
