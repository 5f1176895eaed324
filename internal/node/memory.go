package node

import (
	"os"
	"runtime/debug"
)

// How the garbage collector of a node works. What lives is little and does not grow with the people registered (some 10 MB,
// mostly templates and texts), while each page leaves much behind: as Go sets it by default, it would collect whenever 10 MB
// were left, and that took an eighth of all CPU. Now it waits for 40 MB. Should more live for a while (thousands of open
// connections), the limit has it collect more often, long before it matters; a limit close to what is usual would make a
// crowd pay with the CPU that it needs.
const (
	garbage     = 400       // percent of what lives
	memoryLimit = 256 << 20 // bytes
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
