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

// Neighbourhood is as much of an address as a log may keep: it tells one town's traffic from another's, and names no
// household. Three bytes of an IPv4 address, the /48 of an IPv6 address; nothing of what is no address.
func Neighbourhood(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	bits := 48
	if a = a.Unmap(); a.Is4() {
		bits = 24
	}
	prefix, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return ""
	}
	return prefix.String()
}
