package pin_test

import (
	"sync/atomic"
	"testing"
	"time"

	"clave/internal/otp"
)

// Row 2: a hundred people guess a thousand times at once; three guesses are compared, the rest count for nothing, and even
// the right code is then refused.
func TestPast02ThousandGuesses(t *testing.T) {
	h := newHouse(t)
	at := h.newPlace()
	asked, code := h.sent(at, h.ana())
	var compared, right atomic.Int64
	parallel(100, func(i int) {
		for j := range 10 {
			switch h.try(at, asked.Challenge, wrong(code, 10*i+j)).Verdict {
			case otp.Wrong:
				compared.Add(1)
			case otp.Right:
				right.Add(1)
			}
		}
	})
	if int(compared.Load()) != h.Limits.Tries || right.Load() != 0 {
		t.Errorf("%d guesses were compared, %d right; want %d and none", compared.Load(), right.Load(), h.Limits.Tries)
	}
	h.wants(h.try(at, asked.Challenge, code), otp.Spent)
}

// The same over many PINs at once: the day's budget of the person holds.
func TestPast02ParallelChallenges(t *testing.T) {
	h := newHouse(t)
	h.Limits.Asked.Count = 50
	p := h.ana()
	var places []place
	var challenges, codes []string
	for range 20 {
		at := h.newPlace()
		asked, code := h.sent(at, p)
		places, challenges, codes = append(places, at), append(challenges, asked.Challenge), append(codes, code)
	}
	var compared atomic.Int64
	parallel(20, func(i int) {
		for j := range 3 {
			if h.try(places[i], challenges[i], wrong(codes[i], j)).Verdict == otp.Wrong {
				compared.Add(1)
			}
		}
	})
	if int(compared.Load()) != h.Limits.Wrong.Count {
		t.Errorf("%d guesses were compared, want %d", compared.Load(), h.Limits.Wrong.Count)
	}
}

// Row 3: another address for each try does not help.
func TestPast03RotatingAddresses(t *testing.T) {
	h := newHouse(t)
	p := h.ana()
	for i := range 2 * h.Limits.Asked.Count {
		h.ask(h.newPlace(), p) // a new login, browser and address
		if stops := len(h.phone()) == 0; stops != (i >= h.Limits.Asked.Count) {
			t.Errorf("request %d: no PIN goes out: %v", i+1, stops)
		}
	}
}

// Row 4: asking again gives no tries back.
func TestPast04AskingAgainKeepsTheCount(t *testing.T) {
	h := newHouse(t)
	p := h.ana()
	compared := 0
	for range 6 {
		at := h.newPlace()
		asked := h.ask(at, p)
		if asked.Wait > 0 {
			break
		}
		code := h.phone()[0].Values["code"]
		for j := range h.Limits.Tries {
			if h.try(at, asked.Challenge, wrong(code, j)).Verdict == otp.Wrong {
				compared++
			}
		}
		h.move(h.Limits.Asked.Per / 2)
	}
	if compared != h.Limits.Wrong.Count {
		t.Errorf("%d wrong PINs were compared, want %d", compared, h.Limits.Wrong.Count)
	}
	if asked := h.ask(h.newPlace(), p); asked.Wait == 0 {
		t.Error("another PIN is sent")
	}
	h.move(h.Limits.Wrong.Per)
	h.signIn(h.newPlace(), p)
}

// With the budget used up, a PIN that was sent before is refused even when it is right.
func TestPast04SpentBudgetRefusesTheRightPIN(t *testing.T) {
	h := newHouse(t)
	h.Limits.Asked.Count = 10
	p := h.ana()
	good := h.newPlace()
	waiting, code := h.sent(good, p)
	for range 4 {
		at := h.newPlace()
		asked, c := h.sent(at, p)
		for j := range h.Limits.Tries {
			h.try(at, asked.Challenge, wrong(c, j))
		}
		if asked.Wait > 0 {
			break
		}
		h.move(time.Second)
	}
	if tried := h.try(good, waiting.Challenge, code); tried.Verdict != otp.Spent || tried.Wait == 0 {
		t.Errorf("got %s, wait %v", tried.Verdict, tried.Wait)
	}
}

// Row 5: a PIN dies on time, to the microsecond.
func TestPast05DiesOnTime(t *testing.T) {
	for _, c := range []struct {
		after time.Duration
		want  otp.Verdict
	}{
		{10*time.Minute - time.Microsecond, otp.Right},
		{10 * time.Minute, otp.Late},
		{24 * time.Hour, otp.Late},
		{-time.Hour, otp.Right}, // a clock that was set back
	} {
		h := newHouse(t)
		at := h.newPlace()
		asked, code := h.sent(at, h.ana())
		h.move(c.after)
		h.wants(h.try(at, asked.Challenge, code), c.want)
	}
}

// Row 6: twenty simultaneous uses of the right PIN are one.
func TestPast06OneUse(t *testing.T) {
	h := newHouse(t)
	at := h.newPlace()
	asked, code := h.sent(at, h.ana())
	var right atomic.Int64
	parallel(20, func(int) {
		if h.try(at, asked.Challenge, code).Verdict == otp.Right {
			right.Add(1)
		}
	})
	if right.Load() != 1 {
		t.Errorf("the PIN served %d times", right.Load())
	}
}
