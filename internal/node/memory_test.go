package node_test

import (
	"math"
	"runtime/debug"
	"testing"

	"clave/internal/node"
)

// What the operator has set stays.
func TestTuneMemory(t *testing.T) {
	const asked = -1 // changes nothing, for a limit
	for name, c := range map[string]struct {
		collect, limit string
		percent        int
		bytes          int64
	}{
		"nothing set": {"", "", 400, 256 << 20},
		"both set":    {"100", "1GiB", 100, math.MaxInt64},
	} {
		t.Run(name, func(t *testing.T) {
			percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
			defer debug.SetMemoryLimit(limit)
			defer debug.SetGCPercent(percent)
			t.Setenv("GOGC", c.collect)
			t.Setenv("GOMEMLIMIT", c.limit)
			node.TuneMemory()
			if got := debug.SetMemoryLimit(asked); got != c.bytes {
				t.Errorf("the limit is %d bytes", got)
			}
			if got := debug.SetGCPercent(100); got != c.percent {
				t.Errorf("collects at %d percent", got)
			}
		})
	}
}
