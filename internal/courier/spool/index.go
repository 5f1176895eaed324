package spool

import (
	"maps"
	"os"
	"path/filepath"

	"clave/internal/notify"
)

// index knows the letters of all closed batches. It is read from their manifests, each once, because a closed batch does
// not change; about 50 bytes a letter.
type index struct {
	batches map[string]*closed
	letters map[[26]byte]*closed
}

// closed is a batch that is ready, or printed.
type closed struct {
	name    string
	day     string
	letters int
	printed bool
}

func newIndex() *index {
	return &index{batches: map[string]*closed{}, letters: map[[26]byte]*closed{}}
}

// refresh reads what this node, or another, has closed since, and forgets what is gone.
func (x *index) refresh(c *Carrier) error {
	there := map[string]bool{}
	for _, dir := range []string{dirReady, dirPrinted} {
		folders, err := os.ReadDir(c.path(dir))
		if err != nil {
			return err
		}
		for _, f := range folders {
			if err := x.take(c.path(dir), f.Name()); err != nil {
				return err
			}
			if b := x.batches[f.Name()]; b != nil {
				there[b.name], b.printed = true, dir == dirPrinted
			}
		}
	}
	if len(there) < len(x.batches) {
		maps.DeleteFunc(x.letters, func(_ [26]byte, b *closed) bool { return !there[b.name] })
		maps.DeleteFunc(x.batches, func(name string, _ *closed) bool { return !there[name] })
	}
	return nil
}

func (x *index) take(dir, name string) error {
	if x.batches[name] != nil {
		return nil
	}
	opened, ok := readBatchName(name)
	if !ok {
		return nil
	}
	ids, err := readManifest(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	b := &closed{name: name, day: day(opened), letters: len(ids)}
	x.batches[name] = b
	for _, id := range ids {
		x.letters[[26]byte([]byte(id))] = b
	}
	return nil
}

// find tells whether a letter is in a closed batch, and what to say of it when it is sent again.
func (x *index) find(id string) (notify.State, bool) {
	b := x.letters[[26]byte([]byte(id))]
	switch {
	case b == nil:
		return "", false
	case b.printed:
		return notify.Delivered, true
	}
	return notify.Accepted, true
}

// ofDay is how many letters the closed batches of a day hold.
func (x *index) ofDay(day string) (n int) {
	for _, b := range x.batches {
		if b.day == day {
			n += b.letters
		}
	}
	return n
}
