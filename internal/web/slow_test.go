package web

import (
	"fmt"
	"testing"
	"time"

	"clave/internal/throttle"
)

func TestRule03AddressesAreSlowedDownNeverRefused(t *testing.T) {
	now := time.Date(2026, 4, 8, 9, 0, 0, 0, time.UTC)
	s := &Slow{Free: 2, Every: 10 * time.Minute, Step: time.Second, Most: 3 * time.Second, Now: func() time.Time { return now }}
	for i, want := range []time.Duration{0, 0, 1, 2, 3, 3} {
		if got := s.count(throttle.Network("192.0.2.1")); got != want*time.Second {
			t.Errorf("hit %d waits %v, want %v", i+1, got, want*time.Second)
		}
	}
	if got := s.count(throttle.Network("192.0.2.2")); got != 0 {
		t.Errorf("a neighbour waits %v", got)
	}
	now = now.Add(10 * time.Minute)
	if got := s.count(throttle.Network("192.0.2.1")); got != 0 {
		t.Errorf("in a new window it waits %v", got)
	}
}

// One household has a whole /64, and would otherwise have as many addresses as it likes.
func TestRule03IPv6CountsByNetwork(t *testing.T) {
	for address, want := range map[string]string{
		"2001:db8::1": "2001:db8::/64", "2001:db8::ffff:1": "2001:db8::/64", "2001:db8:0:1::1": "2001:db8:0:1::/64",
		"::ffff:192.0.2.1": "192.0.2.1", "192.0.2.1": "192.0.2.1", "fe80::1%eth0": "fe80::/64", "nonsense": "nonsense",
	} {
		if got := throttle.Network(address); got != want {
			t.Errorf("%s counts as %s, want %s", address, got, want)
		}
	}
}

func TestSlowForgetsBeyondItsMemory(t *testing.T) {
	now := time.Now()
	s := &Slow{Free: 1, Every: time.Minute, Now: func() time.Time { return now }}
	for i := range maxNetworks + 10 {
		s.count(fmt.Sprint(i))
	}
	if len(s.hits) > maxNetworks {
		t.Errorf("%d networks are remembered", len(s.hits))
	}
}
