package node

import (
	"slices"
	"testing"
	"time"

	"clave/internal/authn/pin"
	"clave/internal/confirm"
	"clave/internal/enrolment"
	"clave/internal/login"
)

func TestWeakLimitsAreNamed(t *testing.T) {
	set := Config{PIN: pin.DefaultLimits(), Letters: enrolment.DefaultLimits(), Sessions: login.DefaultLimits(), Confirm: confirm.DefaultLimits()}
	if got := weak(set); len(got) != 0 {
		t.Errorf("the defaults are weak: %q", got)
	}
	p, l := &set.PIN, &set.Letters
	p.Asked.Count++
	p.Wrong.Per = time.Hour
	p.InARow.Per = time.Hour // forgets, where the default never does
	p.Tries = 2              // stronger
	l.Age = 16
	l.CSV.Count = 1 // stronger
	set.Sessions.Idle = 2 * time.Hour
	set.Confirm.Person.Count++
	want := []string{"pin-asked", "pin-wrong", "pin-in-a-row", "confirm-person", "age to register by letter", "idle session"}
	if got := weak(set); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
