package oidc

import "net/netip"

// For the tests.
var (
	KeyOf  = keyOf
	Public = func(a netip.Addr) bool { return public(a) }
)
