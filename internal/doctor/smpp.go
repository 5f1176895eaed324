package doctor

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// SMPP is a carrier that is reached by SMPP 3.4.
type SMPP struct {
	Name, Address, System, Password, SystemType string
	TLS                                         *tls.Config // nil: none
}

// The commands of SMPP that bind and unbind (SMPP 3.4, 5.1.2.1).
const (
	bindTransmitter = 0x00000002
	unbind          = 0x00000006
	answered        = 0x80000000
	version34       = 0x34
	headerSize      = 16
	longestPDU      = 4096
)

// refusals are the answers to a bind that somebody can do something about (SMPP 3.4, 5.1.3).
var refusals = map[uint32]string{
	0x05: "it is bound already: binds of the running nodes count too, ask the carrier how many you may have",
	0x0D: "it refuses to bind: often there are as many connections as it allows, those of the running nodes",
	0x0E: "it says that the password is wrong",
	0x0F: "it does not know the system_id",
}

// Check binds and unbinds. No message is sent.
func (s SMPP) Check(ctx context.Context) []Finding {
	conn, err := dial(ctx, s.Address, s.TLS)
	if err != nil {
		return []Finding{wrong("Look at its address, at TLS, and whether the carrier lets this machine's address in.", "%s cannot be reached: %s", s.Name, brief(err))}
	}
	defer conn.Close()
	status, err := s.bind(conn)
	switch {
	case err != nil:
		return []Finding{wrong("Look at its port and at TLS: what answers there speaks no SMPP.", "%s did not answer a bind: %s", s.Name, brief(err))}
	case status == 0:
		return []Finding{well("%s takes our bind", s.Name)}
	case refusals[status] != "":
		return []Finding{wrong("Look at system and password, or call the carrier.", "%s: %s", s.Name, refusals[status])}
	}
	return []Finding{wrong("Call the carrier and tell them the number.", "%s refuses our bind with status 0x%02X", s.Name, status)}
}

func dial(ctx context.Context, address string, secure *tls.Config) (net.Conn, error) {
	var conn net.Conn
	var err error
	if secure != nil {
		conn, err = (&tls.Dialer{Config: secure}).DialContext(ctx, "tcp", address)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}
	if deadline, ok := ctx.Deadline(); err == nil && ok {
		err = conn.SetDeadline(deadline.Add(-time.Second))
	}
	return conn, err
}

func (s SMPP) bind(conn net.Conn) (status uint32, err error) {
	var body bytes.Buffer
	for _, text := range []string{s.System, s.Password, s.SystemType} {
		body.WriteString(text)
		body.WriteByte(0)
	}
	body.Write([]byte{version34, 0, 0, 0})
	if status, err = ask(conn, bindTransmitter, 1, body.Bytes()); err != nil || status != 0 {
		return status, err
	}
	_, _ = ask(conn, unbind, 2, nil) // whether it says goodbye does not matter
	return 0, nil
}

var errPDU = errors.New("no answer of SMPP")

// ask sends a command and reads its answer, past what comes of the carrier's own.
func ask(conn net.Conn, command, sequence uint32, body []byte) (status uint32, err error) {
	head := make([]byte, headerSize)
	for i, n := range []uint32{uint32(headerSize + len(body)), command, 0, sequence} {
		binary.BigEndian.PutUint32(head[4*i:], n)
	}
	if _, err := conn.Write(append(head, body...)); err != nil {
		return 0, err
	}
	for range 10 {
		if _, err := io.ReadFull(conn, head); err != nil {
			return 0, err
		}
		length := binary.BigEndian.Uint32(head)
		if length < headerSize || length > longestPDU {
			return 0, fmt.Errorf("%w: %d bytes", errPDU, length)
		}
		if _, err := io.CopyN(io.Discard, conn, int64(length-headerSize)); err != nil {
			return 0, err
		}
		if binary.BigEndian.Uint32(head[4:]) == command|answered {
			return binary.BigEndian.Uint32(head[8:]), nil
		}
	}
	return 0, errPDU
}
