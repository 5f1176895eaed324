package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
)

// gateway is the operator of phones in a trial: it delivers at once what it got, and misbehaves as operators do. It
// remembers every message.
type gateway struct {
	http.Server
	phones  *phones
	address string

	mu      sync.Mutex
	got     int
	codes   map[string]int // by the message's id: how often it was handed over
	notices map[string]int // by the phone: how many messages without a code
}

// openGateway listens on loopback.
func openGateway(phones *phones) (*gateway, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	g := &gateway{phones: phones, address: "http://" + listener.Addr().String() + "/sms", codes: map[string]int{}, notices: map[string]int{}}
	g.Handler = g
	go func() { _ = g.Serve(listener) }()
	return g, nil
}

// How often it misbehaves: prime numbers, so that each kind of message meets each fault.
const (
	busyEvery = 11 // it has no time now, and certainly did not take the message
	cutEvery  = 7  // it took the message, and the connection ends before it says so
)

// ServeHTTP takes a message.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m struct{ ID, To, Text string }
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil || m.ID == "" {
		http.Error(w, "want a message", http.StatusBadRequest)
		return
	}
	number := g.count()
	if number%busyEvery == 0 {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	}
	g.take(m.ID, m.To, m.Text)
	if number%cutEvery == 0 {
		panic(http.ErrAbortHandler)
	}
	fmt.Fprintf(w, `{"ref": %q}`, "R"+m.ID)
}

func (g *gateway) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.got++
	return g.got
}

func (g *gateway) take(id, to, text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if strings.Contains(text, "\n@"+claveHost+" #") {
		g.codes[id]++
		g.phones.arrive(sms{to, text})
		return
	}
	g.notices[to]++
}

// told says whether a notice came to a phone.
func (g *gateway) told(phone string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.notices[phone] > 0
}

// twice lists the codes that were handed over more than once.
func (g *gateway) twice() (ids []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, times := range g.codes {
		if times > 1 {
			ids = append(ids, id)
		}
	}
	return ids
}
