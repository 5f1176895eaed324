package node

import (
	"slices"
	"testing"
	"time"

	"clave/internal/authn/pin"
	"clave/internal/enrolment"
)

func TestWeakLimitsAreNamed(t *testing.T) {
	if got := weak(pin.DefaultLimits(), enrolment.DefaultLimits()); len(got) != 0 {
		t.Errorf("the defaults are weak: %q", got)
	}
	p, l := pin.DefaultLimits(), enrolment.DefaultLimits()
	p.Asked.Count++
	p.Wrong.Per = time.Hour
	p.InARow.Per = time.Hour // forgets, where the default never does
	p.Tries = 2              // stronger
	l.Age = 16
	l.CSV.Count = 1 // stronger
	want := []string{"pin-asked", "pin-wrong", "pin-in-a-row", "age to register by letter"}
	if got := weak(p, l); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
