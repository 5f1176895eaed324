package enrolment_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"clave/internal/citizen"
	"clave/internal/enrolment"
	"clave/internal/notify"
	"clave/internal/secret"
)

const day = 24 * time.Hour

// TestWhoGetsALetter sends real letters to adults who are not registered and whose document is valid, and answers
// everybody else in the same way.
func TestWhoGetsALetter(t *testing.T) {
	for _, c := range []struct {
		name, nif, datum string
		goes             bool
	}{
		{"may register", carmen, valid, true},
		{"a foreigner", mary, "E12345678", true},
		{"other datum", carmen, other, false},
		{"one day under age", ana, valid, false},
		{"registered", luis, valid, false},
		{"unlisted", nobody, valid, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := openOffice(t)
			o.admit(o.apply(luis, valid, "600123456", "luis@ejemplo.es"), enrolment.None)
			o.claim(notify.Letter)
			o.claim(notify.Email)
			clear(o.store.calls)
			a := o.ask(c.nif, c.datum)
			if len(a.Reference.Reveal()) != 8 || a.Expired || a.Down || a.Wait > 0 {
				t.Errorf("answered %+v", a)
			}
			if goes := len(o.claim(notify.Letter)) == 1; goes != c.goes {
				t.Errorf("goes out: %v, want %v", goes, c.goes)
			}
			if told := len(o.claim(notify.Email)) == 1; told != (c.nif == luis) {
				t.Errorf("told by e-mail: %v", told)
			}
			delete(o.store.calls, "AddMessage") // the registered are told
			if want := map[string]int{"AddLetter": 1, "CitizenByNIF": 1}; !maps.Equal(o.store.calls, want) {
				t.Errorf("did %v, want the same work for all: %v", o.store.calls, want)
			}
		})
	}
}

func TestComesOfAge(t *testing.T) {
	o := openOffice(t)
	o.now = o.now.Add(14 * time.Hour) // the third of March, her birthday
	o.ask(ana, valid)
	if len(o.claim(notify.Letter)) != 1 {
		t.Error("an adult gets no letter on her birthday")
	}
}

// TestRule08Expired tells of an expired document only whoever shows its datum.
func TestRule08Expired(t *testing.T) {
	o := openOffice(t)
	if a := o.ask(piotr, "E87654321"); !a.Expired || !a.Reference.IsZero() {
		t.Errorf("with the datum: %+v", a)
	}
	if a := o.ask(piotr, "E87654320"); a.Expired {
		t.Error("told without the datum")
	}
	if n := len(o.claim(notify.Letter)); n > 0 {
		t.Errorf("%d letters go out", n)
	}
}

// TestRule09 counts nothing while the register is silent.
func TestRule09(t *testing.T) {
	o := openOffice(t)
	answering := o.Census
	o.Census, o.Limits.Census = silent{}, time.Millisecond
	for range 20 {
		if a := o.ask(carmen, valid); !a.Down {
			t.Fatalf("answered %+v", a)
		}
		if _, opening := o.open(carmen, valid, secret.NewCode("ABCDEFGHJKLMNPQR")); opening != enrolment.Down {
			t.Fatalf("opened: %s", opening)
		}
	}
	o.Census, o.Limits.Census = answering, time.Minute
	if _, opening := o.open(carmen, valid, o.csv(carmen, valid)); opening != enrolment.Opened {
		t.Errorf("afterwards: %s", opening)
	}
}

// TestRule10Letters sends two letters in 30 days for the same data; each is good for 60 days.
func TestRule10Letters(t *testing.T) {
	o := openOffice(t)
	first := o.csv(carmen, valid)
	o.now = o.now.Add(10 * day)
	second := o.csv(carmen, valid)
	for _, c := range []struct {
		datum string
		after time.Duration
		wait  time.Duration
	}{
		{valid, 0, 20 * day},
		{valid, 20*day - time.Second, time.Second},
		{other, 0, 0}, // other data count for themselves, and bring nothing
		{valid, time.Second, 0},
		{valid, 0, 10 * day},
	} {
		o.now = o.now.Add(c.after)
		if a := o.ask(carmen, c.datum); a.Wait != c.wait {
			t.Errorf("%v: wait %v, want %v", o.now, a.Wait, c.wait)
		}
	}
	for i, csv := range []secret.Code{first, second} { // a new letter does not void an older one
		if _, opening := o.open(carmen, valid, csv); opening != enrolment.Opened {
			t.Errorf("letter %d: %s", i, opening)
		}
	}
	o.now = o.now.Add(30*day - time.Second)
	for i, want := range []enrolment.Opening{enrolment.Opened, enrolment.Opened} {
		if _, opening := o.open(carmen, valid, []secret.Code{first, second}[i]); opening != want {
			t.Errorf("letter %d on its 60th day: %s", i, opening)
		}
	}
	o.now = o.now.Add(time.Second)
	if _, opening := o.open(carmen, valid, first); opening != enrolment.TooOld {
		t.Errorf("after 60 days: %s", opening)
	}
}

// How long to wait is told where it was earned: told to everybody, it would tell a stranger who tries every date which one
// is right, and go around the limit of wrong data. No third letter goes out all the same.
func TestRule08TheWaitOfAnotherIsNotTold(t *testing.T) {
	o := openOffice(t)
	o.csv(carmen, valid)
	o.csv(carmen, valid)
	for _, datum := range []string{valid, other} {
		a, err := o.AskLetter(t.Context(), enrolment.LetterRequest{NIF: o.number(carmen), Datum: o.datum(datum), Lang: "es", From: "198.51.100.7"})
		if err != nil || a.Wait > 0 || len(a.Reference.Reveal()) != 8 || len(o.claim(notify.Letter)) != 0 {
			t.Errorf("%s: the page can tell, or a letter goes out: wait %v, %v", datum, a.Wait, err)
		}
	}
	if a := o.ask(carmen, valid); a.Wait == 0 {
		t.Error("whoever asked for two is not told to wait")
	}
}

// TestRule10Entries takes five wrong codes for a person, whoever types them; wrong data do not use them up.
func TestRule10Entries(t *testing.T) {
	o := openOffice(t)
	csv := o.csv(carmen, valid)
	wrong := secret.NewCode("ABCDEFGHJKLMNPQR")
	for _, c := range []struct {
		name, nif, datum string
		csv              secret.Code
		times            int
		want             enrolment.Opening
	}{
		{"wrong datum", carmen, other, csv, 8, enrolment.NotOpened},
		{"right", carmen, valid, csv, 1, enrolment.Opened},
		{"as people type it", carmen, valid, secret.NewCode(strings.ToLower(csv.Reveal()[:8]) + " - " + csv.Reveal()[8:]), 1, enrolment.Opened},
		{"somebody else's letter", luis, valid, csv, 1, enrolment.NotOpened},
		{"four wrong", carmen, valid, wrong, 4, enrolment.NotOpened},
		{"the right one counts for nothing", carmen, valid, csv, 3, enrolment.Opened},
		{"a fifth wrong", carmen, valid, wrong, 1, enrolment.NotOpened},
		{"too late", carmen, valid, csv, 1, enrolment.NotOpened},
	} {
		for range c.times {
			if _, opening := o.open(c.nif, c.datum, c.csv); opening != c.want {
				t.Fatalf("%s: %s, want %s", c.name, opening, c.want)
			}
		}
	}
	o.now = o.now.Add(30 * day)
	if _, opening := o.open(carmen, valid, csv); opening != enrolment.Opened {
		t.Errorf("after 30 days: %s", opening)
	}
}

// TestWrongData closes every entrance to a NIF after ten wrong data in a day, silently.
func TestWrongData(t *testing.T) {
	o := openOffice(t)
	csv := o.csv(carmen, valid)
	for range citizen.WrongData.Count {
		o.open(carmen, other, csv)
	}
	if _, opening := o.open(carmen, valid, csv); opening != enrolment.NotOpened {
		t.Errorf("after ten wrong data: %s", opening)
	}
	if a := o.ask(carmen, valid); a.Reference.IsZero() || len(o.claim(notify.Letter)) > 0 {
		t.Error("a letter goes out, or its absence shows")
	}
	o.now = o.now.Add(day)
	if _, opening := o.open(carmen, valid, csv); opening != enrolment.Opened {
		t.Errorf("a day later: %s", opening)
	}
}

func TestStages(t *testing.T) {
	o := openOffice(t)
	reference := o.ask(carmen, valid).Reference
	follow := func(want enrolment.Stage) {
		t.Helper()
		view, err := o.FollowLetter(t.Context(), reference)
		if err != nil || !view.Found || view.Stage != want {
			t.Errorf("%+v, %v; want %s", view, err, want)
		}
	}
	follow(enrolment.ToPrint)
	m := o.claim(notify.Letter)[0]
	o.settle(m.ID, notify.Accepted)
	follow(enrolment.Printed)
	o.settle(m.ID, notify.Delivered)
	follow(enrolment.Posted)
	o.now = o.now.Add(60 * day)
	follow(enrolment.LetterExpired)
}
