package locale

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
)

var (
	errNoText  = errors.New("locale: no such text")
	errNoValue = errors.New("locale: a value is missing")
)

// Text returns the text named k with its values filled in; args are pairs of name and value. Values are printed as fmt prints them,
// so a secret stays hidden unless it was revealed.
//
// A text that this language lacks is said in Spanish; one that no language has prints its key, and a missing value prints its name.
// That is logged once for each text; under test it panics.
func (l Lang) Text(k Key, args ...any) string {
	said, err := l.text(k, args)
	if err != nil {
		complain(k, err)
	}
	return said
}

func (l Lang) text(k Key, args []any) (string, error) {
	for _, t := range []*tongue{l.tongue(), tongues[0]} {
		form, ok := t.forms[k]
		if !ok {
			continue
		}
		said, err := form.fill(t.tag, args)
		if t != l.tongue() {
			err = errors.Join(err, errNoText)
		}
		return said, err
	}
	return string(k), errNoText
}

// complained holds the keys that were logged already.
var complained sync.Map

func complain(k Key, err error) {
	if testing.Testing() {
		panic(fmt.Sprintf("%v: %s", err, k))
	}
	if _, before := complained.LoadOrStore(k, true); !before {
		slog.Error("text cannot be said", "key", string(k), "error", err)
	}
}
