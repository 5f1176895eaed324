package otp_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"clave/internal/keyring"
	"clave/internal/otp"
	"clave/internal/secret"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

const right, wrong = "123456", "654321"

// desk issues codes and tries them.
type desk struct {
	t     *testing.T
	store *store.Store
	codes otp.Codes
}

func openDesk(t *testing.T) desk {
	t.Helper()
	ring := storetest.Ring()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "clave.db"), store.Options{
		Kind: keyring.Demo, Ring: ring, Now: func() time.Time { return start },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return desk{t, s, otp.Codes{Store: s, Ring: ring}}
}

func order() otp.Order {
	return otp.Order{
		Purpose: otp.ConfirmPhone, Flow: "flow", Browser: "browser", Subject: secret.Hash("subject"), Citizen: "carmen",
		Code: secret.NewCode(right), Lifetime: 10 * time.Minute, Max: 3,
	}
}

func (d desk) issue(o otp.Order) (ch otp.Challenge) {
	d.t.Helper()
	err := d.store.Do(d.t.Context(), func(ctx context.Context) (err error) {
		ch, err = d.codes.Issue(ctx, o, start)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return ch
}

func (d desk) try(id, flow, browser, typed string, after time.Duration) (v otp.Verdict) {
	d.t.Helper()
	err := d.store.Do(d.t.Context(), func(ctx context.Context) (err error) {
		_, v, err = d.codes.Try(ctx, id, flow, browser, secret.NewCode(typed), start.Add(after))
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return v
}

func TestTries(t *testing.T) {
	d := openDesk(t)
	for _, c := range []struct {
		name  string
		after time.Duration
		typed []string
		want  otp.Verdict // the last one
	}{
		{"right at once", 0, []string{right}, otp.Right},
		{"as people type it", 0, []string{" 123-456 "}, otp.Right},
		{"right at the third try", 0, []string{wrong, wrong, right}, otp.Right},
		{"fourth try", 0, []string{wrong, wrong, wrong, right}, otp.Spent},
		{"used twice", 0, []string{right, right}, otp.Spent},
		{"nothing typed", 0, []string{""}, otp.Wrong},
		{"last moment", 10*time.Minute - 1, []string{right}, otp.Right},
		{"late", 10 * time.Minute, []string{right}, otp.Late},
	} {
		id := d.issue(order()).ID
		var got otp.Verdict
		for _, typed := range c.typed {
			got = d.try(id, "flow", "browser", typed, c.after)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestRule01 keeps a challenge to its browser and flow; tries from elsewhere cost its owner nothing.
func TestRule01(t *testing.T) {
	d := openDesk(t)
	id := d.issue(order()).ID
	for range 5 {
		if v := d.try(id, "flow", "another browser", right, 0); v != otp.Foreign {
			t.Errorf("another browser: %s", v)
		}
		if v := d.try(id, "another flow", "browser", right, 0); v != otp.Foreign {
			t.Errorf("another flow: %s", v)
		}
	}
	if v := d.try("nobody's", "flow", "browser", right, 0); v != otp.Foreign {
		t.Errorf("no such challenge: %s", v)
	}
	if v := d.try(id, "flow", "browser", right, 0); v != otp.Right {
		t.Errorf("the owner: %s", v)
	}
}

// TestRule04 binds a code to one purpose, one challenge and one flow, and spends nothing that was not proven.
func TestRule04(t *testing.T) {
	d := openDesk(t)
	ch := d.issue(order())
	other := order()
	other.Code = secret.NewCode("777777")
	if v := d.try(d.issue(other).ID, "flow", "browser", right, 0); v != otp.Wrong {
		t.Errorf("the code of another challenge: %s", v)
	}
	check := func(name string, want bool, purpose otp.Purpose, flow, browser, subject string) {
		t.Helper()
		got, err := d.codes.Proven(t.Context(), ch.ID, purpose, flow, browser, secret.Hash(subject))
		if got != want || err != nil {
			t.Errorf("%s: proven %v, %v; want %v", name, got, err, want)
		}
	}
	check("before", false, otp.ConfirmPhone, "flow", "browser", "subject")
	d.try(ch.ID, "flow", "browser", right, 0)
	check("after", true, otp.ConfirmPhone, "flow", "browser", "subject")
	check("another purpose", false, otp.ConfirmEmail, "flow", "browser", "subject")
	check("another flow", false, otp.ConfirmPhone, "flow 2", "browser", "subject")
	check("another browser", false, otp.ConfirmPhone, "flow", "browser 2", "subject")
	check("another subject", false, otp.ConfirmPhone, "flow", "browser", "subject 2")
}

// TestDead has a stranger's challenge refuse every code, the one that was drawn for it too.
func TestDead(t *testing.T) {
	d := openDesk(t)
	o := order()
	o.Dead = true
	ch := d.issue(o)
	if v := d.try(ch.ID, "flow", "browser", right, 0); v != otp.Wrong || ch.Citizen != "" {
		t.Errorf("%s for %q", v, ch.Citizen)
	}
}

// TestPast02 types a code wrongly a hundred times at once: three count, and the right one comes too late (GHSA-7h8m-vrxx-vr4m).
func TestPast02(t *testing.T) {
	d := openDesk(t)
	id := d.issue(order()).ID
	var mu sync.Mutex
	verdicts := map[otp.Verdict]int{}
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			v := d.try(id, "flow", "browser", wrong, 0)
			mu.Lock()
			verdicts[v]++
			mu.Unlock()
		})
	}
	group.Wait()
	if verdicts[otp.Wrong] != 3 || verdicts[otp.Spent] != 97 {
		t.Errorf("verdicts: %v", verdicts)
	}
	if v := d.try(id, "flow", "browser", right, 0); v != otp.Spent {
		t.Errorf("the right code afterwards: %s", v)
	}
}
