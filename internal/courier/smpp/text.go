package smpp

import (
	"fmt"
	"strings"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"clave/internal/courier"
)

// Types of number and numbering plans (SMPP 3.4, 5.2.5 and 5.2.6).
const (
	tonInternational = 1
	tonShort         = 3
	tonName          = 5
	npiUnknown       = 0
	npiISDN          = 1
)

// source is who a message is from.
func source(s string) (pdu.Address, error) {
	digits, international := strings.CutPrefix(s, "+")
	number := digits != "" && strings.Trim(digits, "0123456789") == ""
	switch {
	case number && international && len(digits) <= 15:
		return pdu.NewAddressWithTonNpiAddr(tonInternational, npiISDN, digits)
	case number && !international && len(digits) <= 15:
		return pdu.NewAddressWithTonNpiAddr(tonShort, npiUnknown, digits)
	case s != "" && !international && len(s) <= 11 && len(data.ValidateGSM7String(s)) == 0 && printable(s):
		return pdu.NewAddressWithTonNpiAddr(tonName, npiUnknown, s)
	}
	return pdu.Address{}, fmt.Errorf("%w: source: a name of up to 11 characters, or a number", ErrConfig)
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// write makes the parts of a message: one, unless it is too long. Errors: courier.ErrRefused.
func (c *Carrier) write(p courier.Parcel, now time.Time) ([]*pdu.SubmitSM, error) {
	digits, ok := strings.CutPrefix(p.To, "+")
	to, err := pdu.NewAddressWithTonNpiAddr(tonInternational, npiISDN, digits)
	if !ok || err != nil || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return nil, fmt.Errorf("%w: smpp: not a number in E.164", courier.ErrRefused)
	}
	from, err := source(c.Source)
	if err != nil {
		return nil, err
	}
	pieces, coding, err := split(p.Text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", courier.ErrRefused, err)
	}
	number := byte(c.parts.Add(1))
	var parts []*pdu.SubmitSM
	for i, piece := range pieces {
		m := pdu.NewSubmitSM().(*pdu.SubmitSM)
		m.SourceAddr, m.DestAddr, m.ValidityPeriod = from, to, validity(p.Until, now)
		if len(pieces) > 1 {
			m.EsmClass = data.SM_UDH_GSM
			piece = append([]byte{5, 0, 3, number, byte(len(pieces)), byte(i + 1)}, piece...) // 3GPP TS 23.040, 9.2.3.24.1
		}
		if i == len(pieces)-1 {
			m.RegisteredDelivery = 1 // a receipt, whatever becomes of it: of the last part, which is sent when all others are taken
		}
		if err := m.Message.SetMessageDataWithEncoding(piece, coding); err != nil {
			return nil, fmt.Errorf("%w: %w", courier.ErrRefused, err)
		}
		parts = append(parts, m)
	}
	return parts, nil
}

// What one message holds, and each part of a long one (3GPP TS 23.040): septets, and octets.
const (
	septetsAlone, septetsInPart = 160, 153
	octetsAlone, octetsInPart   = 140, 134
	mostParts                   = 10
)

// split writes a text in the default alphabet, a septet in each octet, or in UCS-2 when that lacks a character; in as many
// pieces as it needs.
func split(text string) (pieces [][]byte, coding data.Encoding, err error) {
	alone, inPart := septetsAlone, septetsInPart
	if coding = data.GSM7BIT; len(data.ValidateGSM7String(text)) > 0 {
		coding, alone, inPart = data.UCS2, octetsAlone, octetsInPart
	}
	var size int
	var piece []byte
	for _, r := range text {
		octets, err := coding.Encode(string(r)) // rune by rune: no pair is ever torn apart
		if err != nil {
			return nil, nil, err
		}
		if len(piece)+len(octets) > inPart {
			pieces, piece = append(pieces, piece), nil
		}
		piece = append(piece, octets...)
		size += len(octets)
	}
	pieces = append(pieces, piece)
	if len(pieces) == 2 && size <= alone {
		pieces = [][]byte{append(pieces[0], pieces[1]...)}
	}
	if len(pieces) > mostParts {
		return nil, nil, fmt.Errorf("smpp: a text of %d parts", len(pieces))
	}
	return pieces, coding, nil
}

// validity is until when the operator may deliver, as a time from now (SMPP 3.4, 7.1.1): a code that comes too late helps
// nobody. Beyond two days it is the operator's own.
func validity(until, now time.Time) string {
	left := until.Sub(now)
	if until.IsZero() || left > 48*time.Hour {
		return ""
	}
	left = max(left.Truncate(time.Second), time.Minute)
	seconds := int(left.Seconds())
	return fmt.Sprintf("0000%02d%02d%02d%02d000R", seconds/86400, seconds/3600%24, seconds/60%60, seconds%60)
}
