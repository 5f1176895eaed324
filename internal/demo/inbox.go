package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"clave/internal/courier"
	"clave/internal/notify"
)

// Item is something that reached a test citizen.
type Item struct {
	ID      string      `json:"id"`
	At      time.Time   `json:"at"`
	Kind    notify.Kind `json:"kind"`
	To      string      `json:"to"`
	ReplyTo string      `json:"reply_to,omitempty"`
	Subject string      `json:"subject,omitempty"`
	Text    string      `json:"text,omitempty"`
	PDF     []byte      `json:"pdf,omitempty"`
}

// Channel is how it came.
func (i Item) Channel() notify.Channel { return i.Kind.Channel() }

// Inbox is every phone, mailbox and letterbox of this world. It is a carrier of all three channels.
type Inbox struct {
	Now   func() time.Time
	Carry time.Duration // how long an SMS takes, in real time

	mu      sync.Mutex
	items   []Item
	seen    map[string]bool // ids
	file    *os.File
	changed chan struct{} // closed and replaced at every arrival
}

// keep is how many items are remembered.
const keep = 20_000

// openInbox reads what came in an earlier run, and keeps what comes.
func openInbox(file string, now func() time.Time, carry time.Duration) (*Inbox, error) {
	box := &Inbox{Now: now, Carry: carry, changed: make(chan struct{}), seen: map[string]bool{}}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	box.file = f
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return box, nil // the last line may have been cut by a kill
		}
		var i Item
		if err := json.Unmarshal(line, &i); err != nil {
			return nil, fmt.Errorf("demo: %s: %w", file, err)
		}
		box.items, box.seen[i.ID] = append(box.items, i), true
	}
}

func (b *Inbox) close() error { return b.file.Close() }

// Send implements courier.Carrier. A notice that comes twice shows once: it carries the same id.
func (b *Inbox) Send(ctx context.Context, p courier.Parcel) (courier.Taken, error) {
	if p.Kind.Channel() == notify.SMS {
		if err := b.carry(ctx); err != nil {
			return courier.Taken{}, err
		}
	}
	switch p.To {
	case silentPhone:
		return courier.Taken{State: notify.Accepted}, nil
	case refusedPhone:
		return courier.Taken{}, courier.ErrRefused
	}
	i := Item{ID: p.ID, At: b.Now(), Kind: p.Kind, To: p.To, ReplyTo: p.ReplyTo, Subject: p.Subject, Text: p.Text, PDF: p.PDF}
	line, err := json.Marshal(i)
	if err != nil {
		return courier.Taken{}, errors.Join(courier.ErrBusy, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seen[i.ID] {
		return courier.Taken{State: notify.Delivered}, nil
	}
	if _, err := b.file.Write(append(line, '\n')); err != nil {
		return courier.Taken{}, err
	}
	b.items, b.seen[i.ID] = append(b.items, i), true
	if len(b.items) > 2*keep {
		b.items = slices.Clone(b.items[len(b.items)-keep:])
	}
	close(b.changed)
	b.changed = make(chan struct{})
	return courier.Taken{State: notify.Delivered}, nil
}

func (b *Inbox) carry(ctx context.Context) error {
	arrived := time.NewTimer(b.Carry)
	defer arrived.Stop()
	select {
	case <-arrived.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Items are what came by a channel, newest first; to may name one phone or address.
func (b *Inbox) Items(c notify.Channel, to string) []Item {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []Item
	for _, i := range slices.Backward(b.items) {
		if i.Channel() == c && (to == "" || i.To == to) {
			found = append(found, i)
		}
	}
	return found
}

// Changed is closed when the next item comes.
func (b *Inbox) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}
