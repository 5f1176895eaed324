package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"
)

// usage is what the server has used since it started.
type usage struct {
	CPU     time.Duration
	Peak    int64 // bytes of memory, at most
	Commits int64 // durable ones

	db database // of a database beside the server
}

func (s *server) usage() (usage, error) {
	u := usage{CPU: ownCPU(), Peak: peakMemory()}
	if s.Database != "" {
		return u, nil
	}
	commits, err := s.commits()
	u.Commits = int64(commits)
	return u, err
}

// commits reads how many transactions changed the database since it was opened. SQLite keeps count at the head of its
// write-ahead index (iChange, "WAL-mode file format" §2.1), so that the store need not.
func (s *server) commits() (uint32, error) {
	f, err := os.Open(s.database() + "-shm")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var count [4]byte
	_, err = f.ReadAt(count[:], 8)
	return binary.NativeEndian.Uint32(count[:]), err
}

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

// forgetPeak begins the peak anew: what it took to register everybody does not count. (proc(5), clear_refs.)
func forgetPeak() error {
	debug.FreeOSMemory()
	return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}
