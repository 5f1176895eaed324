package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// peakMemory is the most memory that this process has held, in bytes; zero where the system does not tell. (What
// getrusage says counts the parent's too, from before this program was loaded.)
func peakMemory() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			var kilobytes int64
			_, _ = fmt.Sscan(rest, &kilobytes)
			return kilobytes << 10
		}
	}
	return 0
}
