package smpp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

// longest is the longest PDU taken, in octets; what they send us is a few hundred.
const longest = 16 << 10

const headerSize = 16

var errFrame = errors.New("smpp: not a PDU")

// frame is a PDU as it came: its header, and its body if that could be read. One bad body must not cost the link, and with it
// the answers to everything that was sent over it.
type frame struct {
	pdu.Header
	body pdu.PDU // nil: nothing that we know
}

func readFrame(r io.Reader) (frame, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return frame{}, err
	}
	length := binary.BigEndian.Uint32(header[:])
	if length < headerSize || length > longest {
		return frame{}, errFrame
	}
	whole := make([]byte, length)
	copy(whole, header[:])
	if _, err := io.ReadFull(r, whole[headerSize:]); err != nil {
		return frame{}, err
	}
	f := frame{Header: pdu.ParseHeader(header)}
	f.body, _ = parse(whole)
	return f, nil
}

// parse reads a PDU. Whatever the other side sends, it must not end the process.
func parse(whole []byte) (p pdu.PDU, err error) {
	defer func() {
		if v := recover(); v != nil {
			p, err = nil, fmt.Errorf("%w: %T", errFrame, v)
		}
	}()
	if p, err = pdu.Parse(bytes.NewReader(whole)); err != nil {
		return nil, err
	}
	return p, nil
}

func marshal(p pdu.PDU) []byte {
	b := pdu.NewBuffer(nil)
	p.Marshal(b)
	return b.Bytes()
}

// answer is an answer without a body, or with the empty message_id of deliver_sm_resp.
func answer(id data.CommandIDType, sequence int32, status data.CommandStatusType) []byte {
	var body []byte
	if id == data.DELIVER_SM_RESP {
		body = []byte{0}
	}
	b := make([]byte, 0, headerSize+1)
	for _, v := range []uint32{uint32(headerSize + len(body)), uint32(id), uint32(status), uint32(sequence)} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return append(b, body...)
}
