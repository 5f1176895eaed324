package smpp

import (
	"math/big"
	"regexp"
	"strings"

	"github.com/linxGnu/gosmpp/pdu"

	"clave/internal/courier"
	"clave/internal/notify"
)

// receiptClass are the bits of esm_class that say that a deliver_sm is a receipt (SMPP 3.4, 5.2.12).
const receiptClass, classBits = 0x04, 0x3c

// The states of a message (SMPP 3.4, 5.2.28) that are its end, as a TLV and as the text of a receipt (appendix B).
var (
	endStates = map[byte]notify.State{2: notify.Delivered, 3: notify.Refused, 4: notify.Refused, 5: notify.Refused, 8: notify.Refused}
	endTexts  = map[string]notify.State{
		"DELIVRD": notify.Delivered, "EXPIRED": notify.Refused, "DELETED": notify.Refused, "UNDELIV": notify.Refused, "REJECTD": notify.Refused,
	}
	idText   = regexp.MustCompile(`(?i)(?:^|\s)id:\s*(\S{1,65})`)
	statText = regexp.MustCompile(`(?i)\sstat:\s*([a-z]{1,16})`)
)

// receipt reads a receipt: from its TLVs, or what they lack from its text. The bool is false when it is none, or tells of no
// end.
func (c *Carrier) receipt(m *pdu.DeliverSM) (courier.Receipt, bool) {
	if m.EsmClass&classBits != receiptClass {
		return courier.Receipt{}, false
	}
	id, state := tlvs(m)
	if id == "" || state == "" {
		octets, _ := m.Message.GetMessageData()
		if payload, ok := m.OptionalParameters[pdu.TagMessagePayload]; ok && len(octets) == 0 {
			octets = payload.Data
		}
		idIn, stateIn := inText(string(octets))
		if id == "" {
			id = idIn
		}
		if state == "" {
			state = stateIn
		}
	}
	ref, ok := c.receiptRef(id)
	return courier.Receipt{Ref: ref, State: state}, ok && state != ""
}

func tlvs(m *pdu.DeliverSM) (id string, state notify.State) {
	if f, ok := m.OptionalParameters[pdu.TagReceiptedMessageID]; ok {
		id = strings.TrimRight(string(f.Data), "\x00")
	}
	if f, ok := m.OptionalParameters[pdu.TagMessageStateOption]; ok && len(f.Data) == 1 {
		state = endStates[f.Data[0]]
	}
	return id, state
}

func inText(text string) (id string, state notify.State) {
	if found := idText.FindStringSubmatch(text); found != nil {
		id = found[1]
	}
	if found := statText.FindStringSubmatch(text); found != nil {
		state = endTexts[strings.ToUpper(found[1])]
	}
	return id, state
}

// ref is the name of a message by the id in the answer to submit_sm.
func (c *Carrier) ref(id string) string { return c.Name + ":" + plain(id) }

// receiptRef is the same name by the id in a receipt. The bool is false when no message can have it.
func (c *Carrier) receiptRef(id string) (string, bool) {
	from, to := 0, 0
	switch c.IDs {
	case HexDecimal:
		from, to = 10, 16
	case DecimalHex:
		from, to = 16, 10
	}
	if id = plain(id); len(id) > 65 || id == "" {
		return "", false
	}
	if from != 0 {
		n, ok := new(big.Int).SetString(id, from)
		if !ok || n.Sign() < 0 {
			return "", false
		}
		id = n.Text(to)
	}
	return c.Name + ":" + id, true
}

// plain writes an id as it is compared: centres differ with themselves in case and leading zeros.
func plain(id string) string {
	id = strings.ToLower(strings.Trim(id, " \x00"))
	if short := strings.TrimLeft(id, "0"); short != "" {
		return short
	}
	return id
}
