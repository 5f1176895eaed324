package store

import (
	"errors"
	"syscall"
	"time"
)

// silence ends a connection on which sent bytes are not acknowledged for so long. Without it, a statement sent to a server
// whose power failed waits for a quarter of an hour.
func silence(d time.Duration) func(network, address string, c syscall.RawConn) error {
	const userTimeout = 18 // TCP_USER_TIMEOUT, in milliseconds
	return func(_, _ string, c syscall.RawConn) error {
		var set error
		err := c.Control(func(fd uintptr) {
			set = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, userTimeout, int(d.Milliseconds()))
		})
		if errors.Is(set, syscall.ENOPROTOOPT) || errors.Is(set, syscall.EOPNOTSUPP) { // a Unix socket
			set = nil
		}
		return errors.Join(err, set)
	}
}
