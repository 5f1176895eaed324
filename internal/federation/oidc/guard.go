package oidc

import (
	"net/netip"
	"syscall"
)

// guard refuses to connect to a machine that is not public. It looks at the address that was resolved, just before the
// connection: a name that leads elsewhere the second time changes nothing. A test party may be on this machine.
func guard(test bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return ErrInside
		}
		if public(to.Addr()) || test && to.Addr().Unmap().IsLoopback() {
			return nil
		}
		return ErrInside
	}
}
