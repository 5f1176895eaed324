package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// starting says how long a server takes from the start of its process to its first page, with few registered and with many:
// the longer of both.
func starting(ctx context.Context, o options, out *sheet) error {
	return inFolder(o.dir, func(dir string) error {
		var longest time.Duration
		for _, citizens := range []int{min(few, o.million), o.million} {
			kept, err := o.registered(ctx, citizens)
			if err != nil {
				return err
			}
			copied := filepath.Join(dir, fmt.Sprint(citizens))
			if err := copyServer(kept, copied); err != nil {
				return err
			}
			var took []time.Duration
			for range turns {
				one, err := firstPage(ctx, order{Dir: copied, Made: true})
				if err != nil {
					return err
				}
				took = append(took, one)
			}
			fmt.Fprintf(out, "start: %d registered, first page after %s ms\n", citizens, ms(median(took)))
			longest = max(longest, median(took))
			if err := os.RemoveAll(copied); err != nil {
				return err
			}
		}
		return out.note(figure{name: "start.seconds", value: longest.Seconds(), digits: 2, bar: 2})
	})
}

func firstPage(ctx context.Context, o order) (time.Duration, error) {
	began := time.Now()
	h, err := start(ctx, o)
	if err != nil {
		return 0, err
	}
	b := newBrowser(h.Address, addressOf(0))
	_, err = b.get(ctx, link(claveOrigin+"/"), link(claveOrigin+"/"))
	took := time.Since(began)
	b.close()
	return took, errors.Join(err, h.close())
}
