package smpp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"

	"clave/internal/courier"
	"clave/internal/notify"
)

func good() Config {
	return Config{Name: "one", Address: "smsc.example:2775", System: "clave", Password: "geheim12", Source: "Clave"}
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   error
	}{
		{"good", func(*Config) {}, nil},
		{"an international number", func(c *Config) { c.Source = "+34600123456" }, nil},
		{"a short number", func(c *Config) { c.Source = "25383" }, nil},
		{"no name", func(c *Config) { c.Name = "" }, ErrConfig},
		{"a name with a colon", func(c *Config) { c.Name = "a:b" }, ErrConfig},
		{"the name of our own ids", func(c *Config) { c.Name = "id" }, ErrConfig},
		{"no port", func(c *Config) { c.Address = "smsc.example" }, ErrConfig},
		{"no system", func(c *Config) { c.System = "" }, ErrConfig},
		{"a long system", func(c *Config) { c.System = strings.Repeat("s", 16) }, ErrConfig},
		{"a long source", func(c *Config) { c.Source = "Administrazioa" }, ErrConfig},
		{"no source", func(c *Config) { c.Source = "" }, ErrConfig},
		{"a zero byte", func(c *Config) { c.Password = "a\x00b" }, ErrConfig},
		{"a negative rate", func(c *Config) { c.Rate = -1 }, ErrConfig},
		{"other ids", func(c *Config) { c.IDs = "octal" }, ErrConfig},
	} {
		config := good()
		c.change(&config)
		if _, err := New(config); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	c, _ := New(good())
	for _, form := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(form, c.Config) + fmt.Sprintf(form, &c.Config); strings.Contains(text, "geheim") {
			t.Errorf("%s: %s", form, text)
		}
	}
}

func TestValidity(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		left time.Duration
		want string
	}{
		{10 * time.Minute, "000000001000000R"}, {time.Second, "000000000100000R"}, {-time.Hour, "000000000100000R"},
		{25*time.Hour + time.Second, "000001010001000R"}, {48 * time.Hour, "000002000000000R"}, {72 * time.Hour, ""},
	} {
		if got := validity(now.Add(c.left), now); got != c.want {
			t.Errorf("%v is %q, want %q", c.left, got, c.want)
		}
	}
	if got := validity(time.Time{}, now); got != "" {
		t.Errorf("no end is %q", got)
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		text   string
		pieces []int
	}{
		{"", []int{0}},
		{strings.Repeat("a", 160), []int{160}},
		{strings.Repeat("a", 161), []int{153, 8}},
		{strings.Repeat("a", 152) + "€" + strings.Repeat("a", 10), []int{152, 12}}, // never between the escape and its character
		{strings.Repeat("ы", 70), []int{140}},
		{strings.Repeat("ы", 71), []int{134, 8}},
		{strings.Repeat("ы", 66) + "😀" + strings.Repeat("ы", 10), []int{132, 24}}, // nor a pair
	} {
		pieces, _, err := split(c.text)
		var sizes []int
		for _, piece := range pieces {
			sizes = append(sizes, len(piece))
		}
		if fmt.Sprint(sizes) != fmt.Sprint(c.pieces) || err != nil {
			t.Errorf("%q: %v, %v; want %v", c.text, sizes, err, c.pieces)
		}
	}
}

func TestWrongNumbersAreRefused(t *testing.T) {
	c, _ := New(good())
	for _, to := range []string{"", "+", "600123456", "+34 600", "+34600x", "+" + strings.Repeat("1", 30)} {
		if _, err := c.write(courier.Parcel{To: to, Text: "hola"}, time.Now()); !errors.Is(err, courier.ErrRefused) {
			t.Errorf("%q: %v", to, err)
		}
	}
}

func TestSlower(t *testing.T) {
	var s slower
	now := time.Unix(1, 0)
	much, other := statusError(data.ESME_RTHROTTLED), statusError(data.ESME_RSYSERR)
	s.heed(other, now)
	if s.rests(now) {
		t.Error("it rests, and was not told to")
	}
	for _, rest := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second} {
		s.heed(much, now)
		s.heed(much, now) // one beside it
		if !s.rests(now.Add(rest-1)) || s.rests(now.Add(rest)) {
			t.Errorf("it does not rest %v", rest)
		}
		now = now.Add(rest)
	}
	s.heed(nil, now)
	s.heed(much, now)
	if s.rests(now.Add(time.Second)) {
		t.Error("a success is forgotten")
	}
}

func TestReceiptIDs(t *testing.T) {
	for _, c := range []struct {
		ids             IDs
		answer, receipt string
		same            bool
	}{
		{SameIDs, "1A2B", "1a2b", true}, {SameIDs, "007", "7", true}, {SameIDs, "0", "00", false}, {SameIDs, "a-b_c", "a-b_c", true},
		{HexDecimal, "1A2B", "6699", true}, {HexDecimal, "00FF", "0000000255", true}, {HexDecimal, "ff", "ff", false},
		{DecimalHex, "6699", "1A2B", true}, {DecimalHex, "6699", "xyz", false},
		{HexDecimal, "ffffffffffffffffffff", "1208925819614629174706175", true},
		{SameIDs, "", "", false},
	} {
		carrier, _ := New(good())
		carrier.IDs = c.ids
		ref, ok := carrier.receiptRef(c.receipt)
		if same := ok && ref == carrier.ref(c.answer); same != c.same {
			t.Errorf("%q: %q and %q: %q, %q", c.ids, c.answer, c.receipt, carrier.ref(c.answer), ref)
		}
	}
}

// delivered makes a deliver_sm.
func delivered(class byte, text string, tlvs map[pdu.Tag][]byte) []byte {
	m := pdu.NewDeliverSM().(*pdu.DeliverSM)
	m.EsmClass = class
	m.Message.SetMessageDataWithEncoding([]byte(text), data.GSM7BIT)
	for tag, value := range tlvs {
		m.RegisterOptionalParam(pdu.Field{Tag: tag, Data: value})
	}
	return marshal(m)
}

func TestBadBodyCostsNoLink(t *testing.T) {
	whole := delivered(4, "hola", nil)
	bad := append(bytes.Clone(whole[:headerSize]), 'x')
	binary.BigEndian.PutUint32(bad, uint32(len(bad)))
	in := bytes.NewReader(append(bad, whole...))
	if f, err := readFrame(in); err != nil || f.body != nil || f.CommandID != data.DELIVER_SM {
		t.Errorf("got %+v, %v", f, err)
	}
	if f, err := readFrame(in); err != nil || f.body == nil {
		t.Errorf("got %+v, %v", f, err)
	}
	for _, length := range []uint32{0, 15, longest + 1, 1 << 31} {
		binary.BigEndian.PutUint32(bad, length)
		if _, err := readFrame(bytes.NewReader(bad)); err == nil {
			t.Errorf("a PDU of %d octets", length)
		}
	}
}

// Whatever comes: no panic, and a receipt has a name and an end.
func FuzzReceipt(f *testing.F) {
	c, err := New(good())
	if err != nil {
		f.Fatal(err)
	}
	text := "id:0123 sub:001 dlvrd:001 submit date:2611220910 done date:2611220910 stat:DELIVRD err:000 text:x"
	f.Add(delivered(4, text, nil), byte(0))
	f.Add(delivered(4, text, nil), byte(1))
	f.Add(delivered(4, "", map[pdu.Tag][]byte{pdu.TagReceiptedMessageID: []byte("12\x00"), pdu.TagMessageStateOption: {5}}), byte(2))
	f.Add(delivered(4, "", map[pdu.Tag][]byte{pdu.TagMessagePayload: []byte(text)}), byte(0))
	f.Add(delivered(0x44, "\x05\x00\x03\x01\x02\x01hola", nil), byte(0))
	f.Fuzz(func(t *testing.T, octets []byte, ids byte) {
		got, err := readFrame(bytes.NewReader(octets))
		m, ok := got.body.(*pdu.DeliverSM)
		if err != nil || !ok {
			return
		}
		c := &Carrier{Config: c.Config}
		c.IDs = []IDs{SameIDs, HexDecimal, DecimalHex}[int(ids)%3]
		r, ok := c.receipt(m)
		if !ok {
			return
		}
		if r.State != notify.Delivered && r.State != notify.Refused || len(r.Ref) < len("one:x") || len(r.Ref) > 150 {
			t.Errorf("%+v", r)
		}
	})
}

func FuzzSplit(f *testing.F) {
	f.Add("hola ñ €")
	f.Add(strings.Repeat("ы😀", 100))
	f.Fuzz(func(t *testing.T, text string) {
		pieces, coding, err := split(text)
		if err != nil {
			return
		}
		for _, piece := range pieces {
			if size := len(piece); coding == data.GSM7BIT && size > septetsAlone || coding == data.UCS2 && size > octetsAlone {
				t.Errorf("a piece of %d", size)
			}
		}
	})
}
