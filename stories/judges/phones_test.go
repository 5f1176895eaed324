package judges_test

import (
	"context"
	"strings"
	"sync"

	"clave/internal/courier"
	"clave/internal/notify"
)

// phones are everybody's.
type phones struct {
	mu    sync.Mutex
	boxes map[string]chan string
}

func (p *phones) of(number string) chan string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.boxes == nil {
		p.boxes = map[string]chan string{}
	}
	if p.boxes[number] == nil {
		p.boxes[number] = make(chan string, 100)
	}
	return p.boxes[number]
}

// Send implements courier.Carrier. Only messages with a code for this site are read.
func (p *phones) Send(_ context.Context, parcel courier.Parcel) (courier.Taken, error) {
	if _, code, found := strings.Cut(parcel.Text, "\n@localhost #"); found {
		p.of(parcel.To) <- code
	}
	return courier.Taken{State: notify.Delivered}, nil
}
