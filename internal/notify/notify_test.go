package notify_test

import (
	"testing"

	"clave/internal/notify"
)

// Every kind has a channel and the values that its text needs; whatever carries a code is sent once.
func TestKinds(t *testing.T) {
	for _, k := range notify.Kinds() {
		if c := k.Channel(); c != notify.SMS && c != notify.Email && c != notify.Letter {
			t.Errorf("%s travels by %q", k, c)
		}
		if len(k.Values()) == 0 {
			t.Errorf("%s needs no value", k)
		}
		code := false
		for _, v := range k.Values() {
			code = code || v == "code"
		}
		if code != k.Once() {
			t.Errorf("%s: code %v, once %v", k, code, k.Once())
		}
	}
	if notify.Kind("nonsense").Channel() != "" {
		t.Error("an unknown kind has a channel")
	}
}

func TestFinalStates(t *testing.T) {
	for s, want := range map[notify.State]bool{
		notify.Queued: false, notify.Sending: false, notify.Accepted: false,
		notify.Delivered: true, notify.Refused: true, notify.Lost: true, notify.Expired: true,
	} {
		if s.Final() != want {
			t.Errorf("%s: %v", s, s.Final())
		}
	}
}
