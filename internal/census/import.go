package census

import (
	"context"
	"fmt"
	"io"

	"clave/internal/person"
)

// batch is how many people are saved at once: enough to make the commit cheap, few enough to lose little and to make
// nobody wait who signs in meanwhile.
const batch = 1000

// told is after how many people the progress is told.
const told = 100_000

// Import reads a register's file of any length and gives it to put, some people at a time; put saves them for good, and
// replaces those that are there already, so that an import that was cut short is simply done again. tell hears of the
// progress. Import returns how many lines have been saved, also when it fails: all before the wrong one.
func Import(ctx context.Context, r io.Reader, put func(context.Context, []person.Person) error, tell func(saved int)) (saved int, err error) {
	waiting := make([]person.Person, 0, batch)
	flush := func() error {
		some := waiting
		if waiting = waiting[:0]; len(some) == 0 {
			return nil
		}
		if err := put(ctx, some); err != nil {
			return fmt.Errorf("save people: %w", err)
		}
		if saved += len(some); saved%told == 0 {
			tell(saved)
		}
		return nil
	}
	wrong := Read(r, func(p person.Person) error {
		if waiting = append(waiting, p); len(waiting) < batch {
			return nil
		}
		return flush()
	})
	if err := flush(); err != nil {
		return saved, err
	}
	return saved, wrong
}
