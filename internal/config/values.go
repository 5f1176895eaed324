package config

import (
	"net/netip"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"clave/internal/throttle"
)

// mostHits is the largest count of a limit, which keeps the time of each.
const mostHits = 200

const day = 24 * time.Hour

// duration reads "90s", "10m", "8h" or "60d".
func duration(given any) (time.Duration, bool) {
	text, ok := given.(string)
	if !ok {
		return 0, false
	}
	if days, is := strings.CutSuffix(text, "d"); is {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * day, err == nil
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0
}

// limit reads { count = 3, per = "1h" }. Only a limit that has no period of its own can do without one: another would shut people out for
// ever.
func (r *reader) limit(path string, given any, into reflect.Value) {
	usual := into.Interface().(throttle.Limit)
	table, ok := given.(map[string]any)
	r.must(ok, path)
	for key := range table {
		if key != "count" && key != "per" {
			r.tell(join(path, key), "%s", unknown(key, []string{"count", "per"}))
		}
	}
	count, isCount := table["count"].(int64)
	per, isPer := duration(table["per"])
	_, hasPer := table["per"]
	r.must(isCount && count >= 1 && count <= mostHits && (isPer && per > 0 || !hasPer && usual.Per == 0), path)
	usual.Count, usual.Per = int(count), per
	into.Set(reflect.ValueOf(usual))
}

func prefixes(given any) (list []netip.Prefix, ok bool) {
	texts, ok := given.([]any)
	for _, value := range texts {
		text, isText := value.(string)
		p, err := netip.ParsePrefix(text)
		if a, alone := netip.ParseAddr(text); alone == nil && a.Zone() == "" {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if !isText || err != nil || p.Addr().Is4In6() || p.Bits() == 0 {
			return nil, false
		}
		list = append(list, p.Masked())
	}
	return list, ok && len(list) > 0
}

// beside makes a path that begins nowhere begin at the folder of the file.
func (r *reader) beside(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(r.file), path)
}

// unknown advises the key that was probably meant.
func unknown(name string, known []string) string {
	best, least := "", len(name)/3+1
	for _, k := range known {
		if d := distance(name, k); d <= least && (best == "" || d < distance(name, best)) {
			best = k
		}
	}
	if best == "" {
		return "there is no such key here"
	}
	return "there is no such key here; " + best + " is meant?"
}

// distance is the number of letters to add, drop or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(row[j+1]+1, row[j]+1, change)
		}
	}
	return row[len(b)]
}
