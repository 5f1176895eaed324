package main

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// A server that has too much to do answers with a page that keeps the visitor's place, and says when to ask again. With a form
// it holds what was sent; without one the address is asked for again.

// wait reads how long a page asks for patience; zero: it is no such page.
func wait(answer *http.Response) time.Duration {
	if answer.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	if err != nil || seconds < 1 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// patient waits where a page asks for it, and goes on.
func (v *visitor) patient(ctx context.Context, p page) (_ page, err error) {
	for p.wait > 0 && err == nil {
		v.waited++
		select {
		case <-ctx.Done():
			return p, context.Cause(ctx)
		case <-time.After(p.wait):
		}
		if f, ok := p.form("request"); ok {
			p, err = v.browser.post(ctx, p.at, f.action, f.fields)
		} else {
			p, err = v.browser.get(ctx, p.at, p.at)
		}
	}
	return p, err
}
