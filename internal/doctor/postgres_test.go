package doctor

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"clave/internal/keyring"
	"clave/internal/store"
	"clave/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// PostgreSQL must keep what it acknowledges (safety rule 22); the doctor changes nothing, not even the tables of an earlier version.
func TestRule22DoctorSeesAMissingStandby(t *testing.T) {
	d := Database{Address: storetest.Postgres(t), Kind: keyring.Live}
	wants(t, d.Check(t.Context()), Warning, "holds no tables of ours")
	ring, _ := newRing(t)
	s, err := store.Open(t.Context(), d.Address, store.Options{Kind: keyring.Live, Ring: ring, Now: func() time.Time { return day }})
	check(t, err)
	defer s.Close(context.Background())
	found := d.Check(t.Context())
	wants(t, found, Well, "it answers, is live")
	wants(t, found, Wrong, "no synchronous standby")
	d.SingleNode = true
	if found := d.Check(t.Context()); Worst(found) == Wrong {
		t.Errorf("%+v", found)
	}
	wants(t, Clock(t.Context(), d.Address, ""), Well, "within")
}

func TestDatabaseThatIsAway(t *testing.T) {
	d := Database{Address: "postgres://clave:not-to-be-told@127.0.0.1:1/clave", Kind: keyring.Live}
	found := d.Check(t.Context())
	wants(t, found, Wrong, "does not answer")
	if strings.Contains(fmt.Sprint(found), "not-to-be-told") {
		t.Errorf("the password is told: %+v", found)
	}
}
