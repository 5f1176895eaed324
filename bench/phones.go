package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// sms is a message that reached a phone.
type sms struct{ To, Text string }

// phones are everybody's.
type phones struct {
	mu    sync.Mutex
	inbox map[string]chan string
}

// of is what arrives at one phone.
func (p *phones) of(number string) chan string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inbox == nil {
		p.inbox = map[string]chan string{}
	}
	if p.inbox[number] == nil {
		p.inbox[number] = make(chan string, 4)
	}
	return p.inbox[number]
}

// arrive never waits for a reader.
func (p *phones) arrive(m sms) {
	select {
	case p.of(m.To) <- m.Text:
	default:
	}
}

// code waits for a message and takes the code from its last line, as a phone does that fills it in: "@host #code".
func (p *phones) code(ctx context.Context, number, host string) (string, error) {
	select {
	case text := <-p.of(number):
		_, code, found := strings.Cut(text, "\n@"+host+" #")
		if !found {
			return "", fmt.Errorf("the SMS has no line for %s", host)
		}
		return code, nil
	case <-ctx.Done():
		return "", fmt.Errorf("no SMS came: %w", context.Cause(ctx))
	}
}
