package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clave/internal/keyring"
	"clave/internal/relying"
	"clave/internal/store"
)

func someParty(id string) relying.Party {
	return relying.Party{
		ID: id, Names: map[string]string{"es": "Sede"}, OIDC: &relying.OIDC{Auth: relying.None, Redirects: []string{"https://sede.example/back"}},
	}
}

// hand is a clock moved by hand.
type hand struct{ now time.Time }

func (h *hand) Now() time.Time          { return h.now }
func (h *hand) advance(d time.Duration) { h.now = h.now.Add(d) }

// sees tells whether a shelf knows a party; the zero error means that it does.
func sees(t *testing.T, shelf *relying.Shelf, id string, want error) {
	t.Helper()
	if _, err := shelf.Party(t.Context(), id); !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", id, err, want)
	}
}

// What one node's operator changes, every other node sees within seconds, and asks for once a second at most.
func TestEveryNodeSeesAChange(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		here, there := open(t, address, options()), open(t, address, options())
		keeper := relying.Keeper{Store: here, Now: here.Now}
		clock := &hand{time.Unix(0, 0)}
		shelf := &relying.Shelf{Source: there, Now: clock.Now}

		wants(t, keeper.Add(t.Context(), someParty("S1")), nil)
		sees(t, shelf, "S1", nil)
		wants(t, keeper.Add(t.Context(), someParty("S2")), nil)
		wants(t, keeper.Remove(t.Context(), "S1"), nil)
		clock.advance(999 * time.Millisecond)
		sees(t, shelf, "S1", nil)
		clock.advance(time.Millisecond)
		sees(t, shelf, "S1", relying.ErrUnknown)
		sees(t, shelf, "S2", nil)
		clock.advance(time.Hour)
		sees(t, shelf, "S2", nil) // nothing changed
	})
}

// Many logins ask at once, while the list changes.
func TestAShelfIsAskedByMany(t *testing.T) {
	s := open(t, sqlite(t), options())
	keeper := relying.Keeper{Store: s, Now: s.Now}
	wants(t, keeper.Add(t.Context(), someParty("S1")), nil)
	var seconds atomic.Int64
	shelf := &relying.Shelf{Source: s, Now: func() time.Time { return time.Unix(seconds.Add(1), 0) }} // every look is due
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				sees(t, shelf, "S1", nil)
			}
		})
	}
	all.Go(func() { wants(t, keeper.Add(t.Context(), someParty("S2")), nil) })
	all.Wait()
	sees(t, shelf, "S2", nil)
}

// A database that is away closes no service that was there, and one that is back is read again.
func TestAShelfOutlivesItsDatabase(t *testing.T) {
	address := sqlite(t)
	s, err := store.Open(t.Context(), address, options())
	wants(t, err, nil)
	wants(t, relying.Keeper{Store: s, Now: s.Now}.Add(t.Context(), someParty("S1")), nil)
	clock := &hand{time.Unix(0, 0)}
	shelf := &relying.Shelf{Source: s, Now: clock.Now}
	sees(t, shelf, "S1", nil)
	wants(t, s.Close(t.Context()), nil)
	clock.advance(time.Hour)
	sees(t, shelf, "S1", nil)
	sees(t, shelf, "S2", relying.ErrUnknown)

	empty := &relying.Shelf{Source: s, Now: clock.Now}
	if _, err := empty.Party(t.Context(), "S1"); err == nil || errors.Is(err, relying.ErrUnknown) {
		t.Errorf("nothing was ever read: %v", err)
	}
	back := open(t, address, options())
	empty.Source, shelf.Source = back, back
	wants(t, relying.Keeper{Store: back, Now: back.Now}.Remove(t.Context(), "S1"), nil)
	wants(t, relying.Keeper{Store: back, Now: back.Now}.Add(t.Context(), someParty("S2")), nil)
	clock.advance(time.Second)
	sees(t, shelf, "S1", relying.ErrUnknown)
	sees(t, shelf, "S2", nil)
	sees(t, empty, "S2", nil)
}

// A shelf reads outside the unit that asks it: what that unit changed may yet be undone.
func TestAShelfSeesNothingUndone(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		s := open(t, address, options())
		shelf := &relying.Shelf{Source: s, Now: time.Now}
		undone := errors.New("undone")
		wants(t, s.Do(t.Context(), func(ctx context.Context) error {
			wants(t, relying.Keeper{Store: s, Now: s.Now}.Add(ctx, someParty("S1")), nil)
			_, err := shelf.Party(ctx, "S1")
			wants(t, err, relying.ErrUnknown)
			return undone
		}), undone)
	})
}

// A row that somebody wrote without the keys, or moved to another id, makes nobody trusted, and closes nobody else.
func TestAForgedPartyIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		s := open(t, address, options())
		keeper := relying.Keeper{Store: s, Now: s.Now}
		wants(t, keeper.Add(t.Context(), someParty("S1")), nil)
		execs(t, s, `INSERT INTO parties (id, sealed) VALUES ($1, $2)`, "S2", someParty("S2").JSON())
		execs(t, s, `INSERT INTO parties (id, sealed) SELECT 'S3', sealed FROM parties WHERE id = 'S1'`)
		shelf := &relying.Shelf{Source: s, Now: time.Now}
		sees(t, shelf, "S1", nil)
		sees(t, shelf, "S2", relying.ErrUnknown)
		sees(t, shelf, "S3", relying.ErrUnknown)
		if _, _, err := s.PartyByID(t.Context(), "S3"); err == nil {
			t.Error("opened")
		}
		wants(t, keeper.Remove(t.Context(), "S3"), nil)
	})
}

// A key ring that was made anew opens no service: better to say so at start than to refuse each of them.
func TestRule21AnotherRingOpensNoParty(t *testing.T) {
	other, err := keyring.Create(filepath.Join(t.TempDir(), "keys"), keyring.Demo, options().Now())
	wants(t, err, nil)
	onBoth(t, func(t *testing.T, address string) {
		s := open(t, address, options())
		wants(t, relying.Keeper{Store: s, Now: s.Now}.Add(t.Context(), someParty("S1")), nil)
		o := options()
		o.Ring = other
		_, err := store.Open(t.Context(), address, o)
		wants(t, err, store.ErrRing)
	})
}
