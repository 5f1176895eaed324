package node

import (
	"os"
	"runtime/debug"
)

// How the garbage collector of a node works. What lives is little and does not grow with the visitors (some 20 MB, mostly
// templates and texts), while each page leaves much behind: as Go sets it by default, it would collect whenever 20 MB were
// left, and that took an eighth of all CPU. Now it waits for 80 MB; but should more live one day, it lets the whole grow no
// further than the limit.
const (
	garbage     = 400       // percent of what lives
	memoryLimit = 512 << 20 // bytes
)

// TuneMemory sets the garbage collector of this process, unless its operator has (GOGC, GOMEMLIMIT).
func TuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
