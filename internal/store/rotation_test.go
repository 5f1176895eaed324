package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"clave/internal/assurance"
	"clave/internal/citizen"
	"clave/internal/contact"
	"clave/internal/enrolment"
	"clave/internal/keyring"
	"clave/internal/nif"
	"clave/internal/person"
	"clave/internal/secret"
	"clave/internal/store"
	"clave/internal/store/storetest"
	"clave/internal/throttle"
)

// changing is a ring whose second master key begins to seal at noon.
func changing(t *testing.T) (path string, began time.Time) {
	t.Helper()
	path, began = filepath.Join(t.TempDir(), "keys.json"), options().Now()
	_, err := keyring.Create(path, keyring.Demo, began.Add(-48*time.Hour))
	wants(t, err, nil)
	_, err = keyring.RotateMaster(path, began.Add(-time.Hour), time.Hour)
	wants(t, err, nil)
	return path, began
}

// node opens a database with a ring as a file has it now, and a clock of its own.
func node(t *testing.T, address, ring string, now time.Time) *store.Store {
	t.Helper()
	opened, err := keyring.Open(ring)
	wants(t, err, nil)
	o := options()
	o.Ring, o.Now = opened, func() time.Time { return now }
	return open(t, address, o)
}

// TestRule21SuiteWhileKeysChange runs the whole suite while every hash is looked for under two keys, and new rows are under the second.
func TestRule21SuiteWhileKeysChange(t *testing.T) {
	path, began := changing(t)
	storetest.Run(t, func(t *testing.T) *store.Store { return node(t, sqlite(t), path, began) })
}

func aCitizen(n, phone string) citizen.Citizen {
	c := citizen.Citizen{ID: secret.ID(options().Now()), GivenName: "Carmen", Lang: "es", Proofing: assurance.Basic, Registered: options().Now(),
		PhoneSince: options().Now(), Activation: secret.HMAC(make([]byte, 32), "activation", n)}
	c.NIF, _ = nif.Parse(n)
	c.Phone, _ = contact.ParsePhone(phone)
	return c
}

func dni(n int) string { return fmt.Sprintf("%08d%c", n, "TRWAGMYFPDXBNJZSQVHLCKE"[n%23]) }

func mobile(n int) string { return fmt.Sprintf("+346%08d", n) }

// count hits a limit in the two nodes together and returns how many got through.
func count(t *testing.T, hits int, nodes ...*store.Store) int {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	through := 0
	for i := range hits {
		s := nodes[i%len(nodes)]
		all.Go(func() {
			err := s.Do(t.Context(), func(ctx context.Context) error {
				wait, err := wrong.Take(ctx, s, wrong.Key(s.Ring, "carmen"), options().Now())
				s.After(ctx, func() {
					mu.Lock()
					defer mu.Unlock()
					if wait == 0 {
						through++
					}
				})
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return through
}

var wrong = throttle.Limit{Name: "wrong", Count: 10, Per: 24 * time.Hour}

// TestRule21MasterKeyChanges follows one database through a change of its master key, with nodes that are never at the same point of it.
func TestRule21MasterKeyChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, address string) {
		path := filepath.Join(t.TempDir(), "keys.json")
		noon := options().Now()
		_, err := keyring.Create(path, keyring.Demo, noon.AddDate(0, -1, 0))
		wants(t, err, nil)
		first := node(t, address, path, noon)
		carmen := aCitizen("12345678Z", "+34600111222")
		everything(t, first, carmen)
		if n := count(t, 4, first); n != 4 {
			t.Fatalf("%d got through", n)
		}
		m, err := keyring.RotateMaster(path, noon, time.Hour)
		wants(t, err, nil)

		t.Log("one node knows the new key, which nobody uses")
		knows := node(t, address, path, noon)
		for _, s := range []*store.Store{first, knows} {
			finds(t, s, carmen)
			refuses(t, s)
		}
		if n := count(t, 4, first, knows); n != 4 {
			t.Errorf("%d got through", n)
		}

		t.Log("it has begun for one node; the clock of the other is behind")
		uses, behind := node(t, address, path, m.Since), node(t, address, path, m.Since.Add(-time.Second))
		for _, s := range []*store.Store{uses, behind} {
			finds(t, s, carmen)
			refuses(t, s)
		}
		if n := count(t, 40, uses, behind); n != 2 {
			t.Errorf("%d more got through than were left: 2", n)
		}
		oneOfTwo(t, uses, behind)
		late := aCitizen("00000001R", "+34600333444")
		wants(t, uses.Do(t.Context(), func(ctx context.Context) error { return uses.AddCitizen(ctx, late) }), nil)
		if _, ok, err := behind.CitizenByNIF(t.Context(), late.NIF); err != nil || !ok {
			t.Errorf("who registered under the new key is a stranger: %v", err)
		}

		t.Log("a node that was forgotten stops")
		first.Now = func() time.Time { return m.Since.Add(-5 * time.Second) }
		wants(t, first.CheckMasters(t.Context()), store.ErrRing)
		wants(t, first.Do(t.Context(), func(context.Context) error { return nil }), store.ErrRing)
		if _, _, err := first.CitizenByNIF(t.Context(), late.NIF); !errors.Is(err, store.ErrRing) {
			t.Errorf("it still answers: %v", err)
		}

		t.Log("the rows are brought under the new key while both serve")
		var serving sync.WaitGroup
		serving.Go(func() { count(t, 40, uses, behind) })
		serving.Go(func() { finds(t, behind, carmen) })
		wants(t, uses.Rehash(t.Context(), func(store.Remaining) {}), nil)
		serving.Wait()
		wants(t, uses.Rehash(t.Context(), func(store.Remaining) {}), nil)
		if left, err := uses.Remaining(t.Context()); err != nil || len(left) > 0 {
			t.Errorf("left: %v, %v", left, err)
		}
		finds(t, behind, carmen)

		t.Log("the old key is not used any more")
		id := uses.Ring.Masters(m.Since)[0].ID
		wants(t, keyring.Retire(path, id, m.Since.Add(time.Hour)), keyring.ErrNeeded)
		wants(t, uses.Do(t.Context(), func(ctx context.Context) error { return uses.EndMaster(ctx, id) }), nil)
		wants(t, keyring.Retire(path, id, m.Since.Add(keyring.MasterKeep)), nil)
		after := node(t, address, path, m.Since.Add(keyring.MasterKeep))
		finds(t, after, carmen)
		refuses(t, after)
		if n := count(t, 10, after, uses); n != 0 {
			t.Errorf("%d got through a limit that was reached", n)
		}
		takes(t, after, carmen)
	})
}

// everything leaves a row of each kind that is found by a hash.
func everything(t *testing.T, s *store.Store, c citizen.Citizen) {
	t.Helper()
	now := s.Now()
	wants(t, s.PutPeople(t.Context(), []person.Person{{NIF: c.NIF, GivenName: c.GivenName}}), nil)
	do(t, s, func(ctx context.Context) error {
		added := s.AddCitizen(ctx, c)
		_, err := s.AddKnownBrowser(ctx, s.Ring.Hash("test", "browser"), c.ID, now)
		return errors.Join(added, err, s.AddFreeze(ctx, s.Ring.Hash("test", "freeze"), c.ID),
			s.AddLetter(ctx, enrolment.Letter{ID: secret.ID(now), Reference: s.Ring.Hash("test", "reference"), Subject: s.Ring.Hash("test", "subject"),
				CSV: s.Ring.Hash("test", "csv"), Asked: now, Expires: now.AddDate(0, 2, 0)}))
	})
}

// finds looks for all of it.
func finds(t *testing.T, s *store.Store, c citizen.Citizen) {
	t.Helper()
	byNIF, okNIF, errNIF := s.CitizenByNIF(t.Context(), c.NIF)
	byPhone, okPhone, errPhone := s.CitizenByPhone(t.Context(), c.Phone)
	p, okPerson, errPerson := s.Person(t.Context(), c.NIF)
	known, errKnown := s.KnownBrowser(t.Context(), s.Ring.Hash("test", "browser"))
	byCSV, okCSV, errCSV := s.LetterByCSV(t.Context(), s.Ring.Hash("test", "csv"))
	_, okReference, errReference := s.LetterByReference(t.Context(), s.Ring.Hash("test", "reference"))
	if err := errors.Join(errNIF, errPhone, errPerson, errKnown, errCSV, errReference); err != nil {
		t.Fatal(err)
	}
	if !okNIF || byNIF.ID != c.ID || !okPhone || byPhone.ID != c.ID || !byNIF.Activation.Equal(c.Activation) {
		t.Error("the citizen is a stranger, or another")
	}
	if !okPerson || p.NIF != c.NIF || !known {
		t.Error("the register or the browser is not known any more")
	}
	if !okCSV || !okReference || !byCSV.Subject.Equal(s.Ring.Hash("test", "subject")) {
		t.Error("the letter is not found any more")
	}
}

// refuses tries to register somebody twice, and to know a browser anew.
func refuses(t *testing.T, s *store.Store) {
	t.Helper()
	for _, c := range []citizen.Citizen{aCitizen("12345678Z", "+34600999999"), aCitizen("00000002W", "+34600111222")} {
		err := s.Do(t.Context(), func(ctx context.Context) error { return s.AddCitizen(ctx, c) })
		wants(t, err, citizen.ErrTaken)
	}
	do(t, s, func(ctx context.Context) error {
		fresh, err := s.AddKnownBrowser(ctx, s.Ring.Hash("test", "browser"), "", s.Now())
		if fresh {
			t.Error("a known browser is new")
		}
		return err
	})
}

// oneOfTwo registers one NIF, and one phone, at two nodes at once, many times.
func oneOfTwo(t *testing.T, nodes ...*store.Store) {
	t.Helper()
	for round := range 10 {
		var all sync.WaitGroup
		var mu sync.Mutex
		made := 0
		for i, s := range nodes {
			c := aCitizen(dni(100+round), mobile(200+2*round+i))
			if round%2 == 1 {
				c = aCitizen(dni(300+2*round+i), mobile(400+round))
			}
			all.Go(func() {
				err := s.Do(t.Context(), func(ctx context.Context) error { return s.AddCitizen(ctx, c) })
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					made++
				case !errors.Is(err, citizen.ErrTaken):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if made != 1 {
			t.Errorf("round %d: %d registrations of one person or number", round, made)
		}
	}
}

// takes uses up what is used once, and gives the phone to somebody else.
func takes(t *testing.T, s *store.Store, c citizen.Citizen) {
	t.Helper()
	next := aCitizen("00000003A", c.Phone.Reveal())
	do(t, s, func(ctx context.Context) error {
		holder, _, err := s.CitizenByPhone(ctx, c.Phone)
		holder.Phone = contact.Phone{}
		id, ok, errFreeze := s.TakeFreeze(ctx, s.Ring.Hash("test", "freeze"))
		if !ok || id != c.ID {
			t.Error("the freeze code does nothing any more")
		}
		return errors.Join(err, errFreeze, s.SaveCitizen(ctx, holder), s.AddCitizen(ctx, next))
	})
	if got, ok, err := s.CitizenByPhone(t.Context(), c.Phone); err != nil || !ok || got.ID != next.ID {
		t.Errorf("the phone is not the new holder's: %v", err)
	}
}

// TestRule21OldBackup finds rows under a key that was retired since, and says what to do.
func TestRule21OldBackup(t *testing.T) {
	address, path, noon := sqlite(t), filepath.Join(t.TempDir(), "keys.json"), options().Now()
	r, err := keyring.Create(path, keyring.Demo, noon.AddDate(0, -1, 0))
	wants(t, err, nil)
	s := node(t, address, path, noon)
	carmen := aCitizen("12345678Z", "+34600111222")
	everything(t, s, carmen)
	m, err := keyring.RotateMaster(path, noon, time.Hour)
	wants(t, err, nil)
	later := m.Since.Add(keyring.MasterKeep)
	wants(t, keyring.Retire(path, r.Masters(noon)[0].ID, later), nil)
	o := options()
	o.Ring, err = keyring.Open(path)
	wants(t, err, nil)
	o.Now = func() time.Time { return later }
	_, err = store.Open(t.Context(), address, o)
	wants(t, err, store.ErrRing)
	o.AnyMaster = true
	mends := open(t, address, o)
	wants(t, mends.Rehash(t.Context(), func(store.Remaining) {}), nil)
	do(t, mends, func(ctx context.Context) error { return mends.EndMaster(ctx, r.Masters(noon)[0].ID) })
	finds(t, node(t, address, path, later), carmen)
}

// TestRule21EveryColumnIsRehashed looks for columns of bytes that Rehash does not know.
func TestRule21EveryColumnIsRehashed(t *testing.T) {
	address := storetest.Postgres(t)
	open(t, address, options())
	conn, err := pgx.Connect(t.Context(), address)
	wants(t, err, nil)
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND data_type = 'bytea'`)
	wants(t, err, nil)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	wants(t, err, nil)
	known := store.HeldColumns()
	for _, name := range names {
		if !known[name] && name != "counters.hits" {
			t.Errorf("%s holds bytes, and no change of keys reaches it", name)
		}
		delete(known, name)
	}
	for name := range known {
		t.Errorf("%s is no column", name)
	}
}
