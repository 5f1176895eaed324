package citizen_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clave/internal/citizen"
	"clave/internal/keyring"
	"clave/internal/nif"
	"clave/internal/secret"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

// TestPast02WrongDataAtOnce counts a hundred wrong data that come at once, and lets nothing pass behind the limit: not
// even the right one, which would tell that it is.
func TestPast02WrongDataAtOnce(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	ring := storetest.Ring()
	db, err := store.Open(t.Context(), filepath.Join(dir, "clave.db"), store.Options{Kind: keyring.Demo, Ring: ring, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close(context.Background()) })
	subject := secret.Hash("somebody")
	count := func(wrong bool, scope string, at time.Time) (tooMany bool) {
		err := db.Do(t.Context(), func(ctx context.Context) (err error) {
			tooMany, err = citizen.CountDatum(ctx, db, ring, subject, scope, wrong, at)
			return err
		})
		if err != nil {
			t.Error(err)
		}
		return tooMany
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	passed := 0
	for range 100 {
		all.Go(func() {
			if !count(true, "", now) {
				mu.Lock()
				passed++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if passed != citizen.WrongData.Count {
		t.Errorf("%d wrong data passed, want %d", passed, citizen.WrongData.Count)
	}
	if !count(false, "", now) {
		t.Error("the right datum passes behind ten wrong ones")
	}
	if count(false, "a known browser", now) {
		t.Error("a browser that signed in before pays for others")
	}
	if count(false, "", now.Add(citizen.WrongData.Per)) {
		t.Error("the day is over, and nothing passes")
	}
}

func TestRule21NothingPrintsACitizen(t *testing.T) {
	n, err := nif.Parse("99990001P")
	if err != nil {
		t.Fatal(err)
	}
	c := citizen.Citizen{ID: "01C", NIF: n, GivenName: "Carmen", FirstSurname: "Española"}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("seen", "citizen", c)
	if strings.Contains(b.String(), "99990001P") || strings.Contains(b.String(), "Carmen") {
		t.Errorf("the log holds %s", b.String())
	}
	if got := fmt.Sprint(c.FamilyName()); got != "Española" {
		t.Errorf("%q", got)
	}
}
