package web

import (
	"encoding/binary"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clave/internal/guide"
	"clave/internal/keyring"
	"clave/internal/locale"
	"clave/internal/secret"
)

var referenceRings = [2]*keyring.Ring{sampleRing(), sampleRing()}

// Every error page has a number of its own, for ever, and an article that answers it; every number has a page.
func TestEveryErrorPageHasNumberAndArticle(t *testing.T) {
	seen := map[uint8]string{}
	for key, p := range errorPages {
		if p.number < 1 || p.number > 127 || seen[p.number] != "" {
			t.Errorf("%s has the number %d, as has %q", key, p.number, seen[p.number])
		}
		seen[p.number] = key
		if _, ok := guide.Find("es", p.article); !ok {
			t.Errorf("%s is answered by %q, which does not exist", key, p.article)
		}
		if (Reference{Problem: key}).Title(locale.Match("es")) == "" {
			t.Errorf("%s has no title", key)
		}
	}
	want := slices.Collect(maps.Keys(problems))
	for _, a := range advices {
		want = append(want, string(a.title))
	}
	want = append(want, string(lost.title), "advice.nowhere")
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(errorPages)); !slices.Equal(got, slices.Compact(want)) {
		t.Errorf("there are pages for %v,\nthe program shows %v", got, want)
	}
}

// Whatever page is shown, in whatever minute, its reference says so, however it is typed.
func TestReferenceSaysPageAndMinute(t *testing.T) {
	ring := referenceRings[0]
	for key := range errorPages {
		for range 200 {
			drawn := secret.Bytes(8)
			at := referenceEpoch.Add(time.Duration(binary.BigEndian.Uint64(drawn)%(1<<minuteBits))*time.Minute + time.Minute/2)
			ref := makeReference(ring, Reference{at, key}, drawn)
			if len(ref) != referenceLength || strings.Trim(ref, referenceSymbols) != "" {
				t.Fatalf("%q is no reference", ref)
			}
			for _, typed := range []string{ref, strings.ToLower(ref), ref[:3] + " " + ref[3:6] + "-" + ref[6:]} {
				got, err := ReadReference(ring, typed, at)
				if err != nil || got.Problem != key || !got.At.Equal(at.Truncate(time.Minute)) {
					t.Fatalf("%s says %v, %v; want %s at %v", typed, got, err, key, at)
				}
			}
			if _, err := ReadReference(ring, ref, at.Add(-time.Minute)); !errors.Is(err, ErrReference) {
				t.Errorf("%s is read before it was made: %v", ref, err)
			}
		}
	}
}

// Two people in one minute on one page have two references, and what is mistyped or another installation's is refused but
// for an accident in some hundreds.
func TestReferenceTellsThemApart(t *testing.T) {
	now := referenceEpoch.AddDate(1, 0, 0)
	seen := map[string]bool{}
	accidents := 0
	for i := range 1000 {
		ref := makeReference(referenceRings[0], Reference{now, "wait"}, []byte{byte(i >> 8), byte(i)})
		if seen[ref] {
			t.Errorf("%s is made twice", ref)
		}
		seen[ref] = true
		at := strings.IndexByte(referenceSymbols, ref[i%referenceLength])
		mistyped := []byte(ref)
		mistyped[i%referenceLength] = referenceSymbols[(at+1)%len(referenceSymbols)]
		if _, err := ReadReference(referenceRings[0], string(mistyped), now); err == nil {
			accidents++
		}
		if _, err := ReadReference(referenceRings[1], ref, now); err == nil {
			accidents++
		}
	}
	if accidents > 40 {
		t.Errorf("%d of 2000 were read that are not ours", accidents)
	}
}

// The order is one: every number has a place of its own.
func TestScrambleIsAPermutation(t *testing.T) {
	s := newScramble(referenceRings[0])
	for _, plain := range []uint64{0, 1, 1<<scrambledBits - 1, 1 << rightBits, 1<<rightBits - 1, 0x155555555555, 0xAAAAAAAAAAA} {
		if sealed := s.encipher(plain); sealed>>scrambledBits != 0 || sealed == plain || s.decipher(sealed) != plain {
			t.Errorf("%x becomes %x and then %x", plain, sealed, s.decipher(sealed))
		}
	}
}

func FuzzReadReference(f *testing.F) {
	now := referenceEpoch.AddDate(60, 0, 0)
	f.Add(makeReference(referenceRings[0], Reference{now, "wait"}, []byte{1, 2}))
	f.Add("abc def-ghj")
	f.Add("AAAAAAAAA")
	f.Add("ñ\xff")
	f.Fuzz(func(t *testing.T, typed string) {
		ref, err := ReadReference(referenceRings[0], typed, now)
		if err != nil {
			return
		}
		sealed, _ := unspellReference(normalReference(typed))
		if ref.At.After(now) || errorPages[ref.Problem].number == 0 || spellReference(sealed) != normalReference(typed) {
			t.Errorf("%q says %+v", typed, ref)
		}
	})
}

// sampleRing makes a key ring of a test's own.
func sampleRing() *keyring.Ring {
	dir, err := os.MkdirTemp("", "ring")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ring, err := keyring.Create(filepath.Join(dir, "ring"), keyring.Demo, time.Now())
	if err != nil {
		panic(err)
	}
	return ring
}
