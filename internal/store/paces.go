package store

import (
	"sync"
	"time"

	"clave/internal/notify"
)

// paces keeps how fast the last messages of each kind went, which would else be read for every message. What it keeps are
// delays that a carrier really had (safety rule 8), and the next message of either sort, real or decoy, draws from the same.
type paces struct {
	mu    sync.Mutex
	known map[notify.Kind]knownPaces
}

type knownPaces struct {
	at   time.Time
	list []pace
}

// pacesFor is how long they are kept: a carrier that slows down shows in the decoys as soon.
const pacesFor = 5 * time.Second

// of reads them anew when they are old, or there are none yet.
func (p *paces) of(k notify.Kind, now time.Time, read func() ([]pace, error)) ([]pace, error) {
	p.mu.Lock()
	known := p.known[k]
	p.mu.Unlock()
	if age := now.Sub(known.at); len(known.list) > 0 && age >= 0 && age < pacesFor {
		return known.list, nil
	}
	list, err := read()
	if err == nil {
		p.keep(k, knownPaces{now, list})
	}
	return list, err
}

func (p *paces) keep(k notify.Kind, known knownPaces) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[notify.Kind]knownPaces{}
	}
	p.known[k] = known
}
