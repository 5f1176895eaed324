package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// print writes a table for people, and the figure that is compared, alone on its line.
func (r result) print(out *sheet, j journey, o options) error {
	var whole, cpu time.Duration
	var signatures []float64
	for _, p := range r.parts {
		whole, cpu, signatures = whole+p.whole, cpu+p.cpu, append(signatures, p.signatures())
	}
	slices.Sort(signatures)
	logins := len(r.took)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	rows := [][2]string{
		{"journey", fmt.Sprintf("%s: %d logins, %d at once, after %d", j.name, logins, o.users, o.warmup)},
		{"machine", fmt.Sprintf("%s, %d CPUs, a synced write of 4 KiB takes %s ms", runtime.Version(), runtime.NumCPU(), ms(r.disk))},
		{"logins a second", fmt.Sprintf("%.1f", float64(logins)/whole.Seconds())},
		{"a login takes", fmt.Sprintf("p50 %s, p95 %s, p99 %s ms", ms(percentile(r.took, 50)), ms(percentile(r.took, 95)), ms(percentile(r.took, 99)))},
		{"server CPU per login", ms(cpu/time.Duration(logins)) + " ms"},
		{"one RSA-2048 signature", fmt.Sprintf("%s ms of CPU (rounds from %s to %s)", ms(median(r.signing)), ms(slices.Min(r.signing)), ms(slices.Max(r.signing)))},
		{"signatures per login", fmt.Sprintf("%.2f (parts from %.2f to %.2f)", middle(signatures), signatures[0], signatures[len(signatures)-1])},
		{"durable commits per login", fmt.Sprintf("%.2f", float64(r.commits)/float64(logins))},
		{"peak memory of the server", fmt.Sprintf("%.0f MB", float64(r.peak)/1e6)},
	}
	for _, row := range append(rows, r.db.rows(logins)...) {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return out.note(figure{name: j.name + ".signatures", value: middle(signatures), digits: 1, bar: j.bar})
}

func middle(sorted []float64) float64 { return sorted[len(sorted)/2] }

func ms(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond)) }

// syncedWrites says what the disk asks of a durable commit: the time of a 4 KiB write that waits for the disk. On a disk
// in memory it is next to nothing, and so are the commits.
func syncedWrites(dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "disk"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var times []time.Duration
	for range 50 {
		began := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		times = append(times, time.Since(began))
	}
	return median(times), nil
}
