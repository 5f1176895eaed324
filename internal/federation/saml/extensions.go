package saml

import (
	"slices"

	"github.com/beevik/etree"
)

// extensions reads what the request asks in eIDAS' words. Identity attributes are always sent, so nobody needs to ask for them; SPType, and what Cl@ve has
// and we have not, are passed over.
func (r *reader) extensions() error {
	extensions := child(r.content.Element, protocolNS, "Extensions")
	if extensions == nil {
		return nil
	}
	for _, list := range extensions.ChildElements() {
		if !is(list, requestNS, "RequestedAttributes") {
			continue
		}
		for _, asked := range list.ChildElements() {
			if err := r.attribute(asked); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reader) attribute(asked *etree.Element) error {
	if !is(asked, requestNS, "RequestedAttribute") {
		return ErrMessage
	}
	name := attribute(asked, "Name")
	if name == relayAttribute {
		return r.relay(asked)
	}
	if m := hides[name]; m != "" && !slices.Contains(r.req.Excluded, m) {
		r.req.Excluded = append(r.req.Excluded, m)
	}
	return nil
}

// relay keeps the state that comes as an attribute. Two of them would leave it to each reader which one counts.
func (r *reader) relay(asked *etree.Element) error {
	_, again := r.req.Echo[echoRelay]
	_, same := r.req.Echo[echoRelaySame]
	values := asked.ChildElements()
	if again || same || len(values) > 1 {
		return ErrMessage
	}
	state := ""
	if len(values) == 1 {
		if len(values[0].ChildElements()) > 0 {
			return ErrMessage
		}
		state = values[0].Text()
	}
	if state == r.req.RelayState {
		r.req.Echo[echoRelaySame] = ""
		return nil
	}
	r.req.Echo[echoRelay] = state
	return nil
}
