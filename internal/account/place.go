package account

import (
	"fmt"
	"net/netip"

	"clave/internal/throttle"
)

// Network is where somebody came from, as coarsely as it is of use to recognise one's own provider: "83.45.··", or the /32 of
// an IPv6 address. It is empty when the address is none.
func Network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	b := a.Unmap().AsSlice()
	if len(b) == 4 {
		return fmt.Sprintf("%d.%d.··", b[0], b[1])
	}
	return fmt.Sprintf("%x:%x:··", uint16(b[0])<<8|uint16(b[1]), uint16(b[2])<<8|uint16(b[3]))
}

// SameNetwork tells whether two addresses are of one household, as far as addresses tell.
func SameNetwork(one, other string) bool {
	return Network(one) != "" && throttle.Network(one) == throttle.Network(other)
}
