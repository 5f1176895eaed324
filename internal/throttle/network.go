package throttle

import (
	"net"
	"net/netip"
)

// Address is the visitor's address, of a connection that also names its port.
func Address(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}

// Network is what counts as one visitor: an IPv4 address, or the /64 of an IPv6 address, which one household has whole.
func Network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if a = a.Unmap(); a.Is4() {
		return a.String()
	}
	prefix, err := a.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}
