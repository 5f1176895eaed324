package confirm_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clave/internal/assurance"
	"clave/internal/citizen"
	"clave/internal/confirm"
	"clave/internal/contact"
	"clave/internal/nif"
	"clave/internal/relying"
)

// The way that goes well: the person reads who asks, for what and which data would go, confirms, and the service uses it once.
func TestConfirmed(t *testing.T) {
	h := newHouse(t)
	h.registered(ana, nil)
	id := h.asked("town", ana)
	waiting := must(h.Waiting(t.Context(), ana.String()))
	if len(waiting) != 1 || waiting[0].ID != id || waiting[0].Party != "town" || waiting[0].Message != words ||
		waiting[0].Level != assurance.Substantial || !slices.Equal(waiting[0].Released, []relying.Attribute{relying.Names}) {
		t.Fatalf("waiting: %+v", waiting)
	}
	for _, who := range []nif.NIF{ana, luis} {
		if a, found, err := h.Find(t.Context(), id, who.String()); found != (who == ana) || (a.ID != "") != found || err != nil {
			t.Errorf("%s finds %+v, %v", who.Masked(), a, err)
		}
	}
	h.outcome(id, confirm.Waiting)
	h.spent(id, false)
	h.move(time.Minute)
	by := h.pin(assurance.Substantial)
	h.answeredBy(id, ana, confirm.Confirmed, by, confirm.None)
	if got := h.outcome(id, confirm.Confirmed); got.Citizen != ana.String() || got.Means != by || got.Party != "town" || !slices.Equal(got.Released, waiting[0].Released) {
		t.Errorf("outcome %+v", got)
	}
	if list := must(h.Waiting(t.Context(), ana.String())); len(list) > 0 {
		t.Errorf("%d still wait", len(list))
	}
	h.spent(id, true)
	h.spent(id, false)
	h.outcome(id, confirm.Expired)
	want := []string{"confirmation.asked: ", "confirmation.given: pin substantial", "confirmation.used: "} // sorted
	if got := h.record(); !reflect.DeepEqual(got, want) {
		t.Errorf("the record says %q", got)
	}
}

// Only the person asked, only once, only in time, only freshly identified, only at the level asked, and only by a method that
// the service accepts.
func TestRule07OnlyTheirOwn(t *testing.T) {
	stale := func(m *confirm.Means) { m.At = m.At.Add(-confirm.Fresh) }
	old := func(by time.Duration) func(*confirm.Means) {
		return func(m *confirm.Means) { m.At = m.At.Add(by - confirm.Holds) }
	}
	for _, c := range []struct {
		name    string
		party   string
		who     nif.NIF
		after   time.Duration
		bend    func(*confirm.Means)
		verdict confirm.State
		want    confirm.Refusal
	}{
		{"at the last moment", "tax", ana, 10*time.Minute - time.Microsecond, nil, confirm.Confirmed, confirm.None},
		{"late", "tax", ana, 10 * time.Minute, nil, confirm.Confirmed, confirm.Late},
		{"refused late", "tax", ana, 10 * time.Minute, nil, confirm.Refused, confirm.Late},
		{"reported late", "tax", ana, 10 * time.Minute, nil, confirm.Reported, confirm.None},
		{"by another person", "tax", luis, 0, nil, confirm.Confirmed, confirm.Foreign},
		{"refused by another person", "tax", luis, 0, nil, confirm.Refused, confirm.Foreign},
		{"reported by another person", "tax", luis, 0, nil, confirm.Reported, confirm.Foreign},
		{"just fresh", "tax", ana, 0, func(m *confirm.Means) { m.At = m.At.Add(time.Microsecond - confirm.Fresh) }, confirm.Confirmed, confirm.None},
		{"stale", "tax", ana, 0, stale, confirm.Confirmed, confirm.Stale},
		{"refused, stale", "tax", ana, 0, stale, confirm.Refused, confirm.None},
		{"reported, stale", "tax", ana, 0, old(time.Microsecond), confirm.Reported, confirm.None},
		{"refused, old", "tax", ana, 0, old(0), confirm.Refused, confirm.Stale},
		{"reported, old", "tax", ana, 0, old(0), confirm.Reported, confirm.Stale},
		{"too low", "town", ana, 0, func(m *confirm.Means) { m.Level = assurance.Low }, confirm.Confirmed, confirm.TooLow},
		{"refused, low", "town", ana, 0, func(m *confirm.Means) { m.Level = assurance.Low }, confirm.Refused, confirm.None},
		{"reported, low", "town", ana, 0, func(m *confirm.Means) { m.Level = assurance.Low }, confirm.Reported, confirm.None},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.registered(ana, nil)
			h.registered(luis, nil)
			id := h.asked(c.party, ana)
			h.move(c.after)
			by := h.pin(assurance.Substantial)
			if c.bend != nil {
				c.bend(&by)
			}
			h.answeredBy(id, c.who, c.verdict, by, c.want)
			if c.want == confirm.None {
				h.answered(id, ana, confirm.Confirmed, confirm.Answered)
			}
			h.spent(id, c.want == confirm.None && c.verdict == confirm.Confirmed)
		})
	}
}

// What the service accepts is looked up again: it may have changed since it asked.
func TestRule07MethodNotAccepted(t *testing.T) {
	h := newHouse(t)
	h.registered(ana, nil)
	id := h.asked("tax", ana)
	tax := relying.Party{ID: "tax", Names: map[string]string{"es": "Agencia Tributaria"}, Methods: []assurance.Method{"certificate"}}
	h.Parties = relying.List{tax}
	h.answered(id, ana, confirm.Confirmed, confirm.NotAsked)
	tax.Methods, tax.Level = nil, assurance.High
	h.Parties = relying.List{tax}
	h.answered(id, ana, confirm.Confirmed, confirm.TooLow)
	h.answered(id, ana, confirm.Refused, confirm.None)
}

// An answer is given once: of many at the same time, one counts.
func TestRule07OneAnswer(t *testing.T) {
	h := newHouse(t)
	h.registered(ana, nil)
	id := h.asked("tax", ana)
	var taken, refused atomic.Int64
	parallel(40, func(i int) {
		verdict := []confirm.State{confirm.Confirmed, confirm.Refused, confirm.Reported}[i%3]
		_, why, err := h.Answer(t.Context(), confirm.Answer{ID: id, Citizen: ana.String(), Means: h.pin(assurance.Low), Verdict: verdict})
		switch {
		case err != nil:
			t.Error(err)
		case why == confirm.None:
			taken.Add(1)
		case why == confirm.Answered:
			refused.Add(1)
		}
	})
	if taken.Load() != 1 || refused.Load() != 39 || len(h.record()) != 41 {
		t.Errorf("%d were taken, %d refused, %d entries", taken.Load(), refused.Load(), len(h.record()))
	}
}

// A confirmation is used once: of many at the same time, one gets it (compare fosite#778).
func TestPast07OneUse(t *testing.T) {
	h := newHouse(t)
	h.registered(ana, nil)
	id := h.asked("tax", ana)
	h.answered(id, ana, confirm.Confirmed, confirm.None)
	var used atomic.Int64
	parallel(50, func(int) {
		if got, err := h.Spend(t.Context(), id); got && err == nil {
			used.Add(1)
		}
	})
	if used.Load() != 1 {
		t.Errorf("used %d times", used.Load())
	}
}

// The SMS leads to our own page and holds nothing that a caller could ask for: no code, no link, no word of the service's own.
func TestRule07MessageHoldsNothingToReadOut(t *testing.T) {
	h := newHouse(t)
	h.registered(ana, nil)
	id := h.asked("tax", ana)
	list := h.phone()
	if len(list) != 1 || list[0].To != "+34612345678" || list[0].Kind.Once() || !list[0].Until.Equal(noon.Add(10*time.Minute)) {
		t.Fatalf("messages %+v", list)
	}
	want := map[string]string{"service": "Agencia Tributaria", "host": "clave.test"}
	if !reflect.DeepEqual(list[0].Values, want) || strings.Contains(fmt.Sprint(list[0].Values), id) {
		t.Errorf("it says %v", list[0].Values)
	}
}

// Whoever cannot be asked is asked as a citizen is: the same answers, the same rows; nobody is ever there to answer.
func TestRule08StrangersAreAskedTheSameWay(t *testing.T) {
	var want string
	for i, c := range []struct {
		name string
		make func(*house)
	}{
		{"citizen", func(h *house) { h.registered(ana, nil) }},
		{"nobody", func(*house) {}},
		{"frozen", func(h *house) { h.registered(ana, func(c *citizen.Citizen) { c.Frozen = true }) }},
		{"without phone", func(h *house) { h.registered(ana, func(c *citizen.Citizen) { c.Phone = contact.Phone{} }) }},
	} {
		h := newHouse(t)
		c.make(h)
		got, sent := h.road()
		if i == 0 {
			want = got
		}
		if got != want {
			t.Errorf("%s:\n%s\na citizen:\n%s", c.name, got, want)
		}
		if (sent > 0) != (i == 0) {
			t.Errorf("%s: %d messages went out", c.name, sent)
		}
	}
}

// road is what a service can learn of somebody who does not answer, and how many messages reached them meanwhile.
func (h *house) road() (seen string, sent int) {
	for _, party := range []string{"tax", "tax", "town", "cards", "tax", "tax"} {
		id, wait, err := h.Ask(h.t.Context(), request(party, ana))
		seen += fmt.Sprintln(party, len(id), wait, err, h.rows())
		sent += len(h.phone())
		h.move(5 * time.Minute)
		if id != "" {
			seen += fmt.Sprintln(h.Outcome(h.t.Context(), id))
			seen += fmt.Sprintln(h.Spend(h.t.Context(), id))
		}
	}
	return seen, sent
}

// After a report nothing that this service asks reaches the person for a day; the service cannot tell it from a refusal and
// then from somebody who does not answer. Other services can ask.
func TestRule07Reported(t *testing.T) {
	h := newHouse(t)
	h.registered(ana, nil)
	id := h.asked("tax", ana)
	h.answered(id, ana, confirm.Reported, confirm.None)
	h.outcome(id, confirm.Refused)
	h.spent(id, false)
	h.phone()
	before := h.rows()
	again := h.asked("tax", ana)
	if h.outcome(again, confirm.Waiting); len(h.phone()) > 0 || h.rows() == before {
		t.Error("asked again after a report")
	}
	h.answered(again, ana, confirm.Confirmed, confirm.Foreign)
	h.asked("town", ana)
	if len(h.phone()) != 1 {
		t.Error("the report about one service stops another")
	}
	h.move(24 * time.Hour)
	h.asked("tax", ana)
	if len(h.phone()) != 1 {
		t.Error("a day later the person is still not asked")
	}
	want := []string{
		"confirmation.asked: ", "confirmation.asked: ", "confirmation.asked: ", "confirmation.asked: reported before",
		"confirmation.reported: pin substantial",
	}
	if got := h.record(); !reflect.DeepEqual(got, want) {
		t.Errorf("the record says %q", got)
	}
}

// Row 10 (CVE-2026-9798): whoever is frozen cannot be asked through, whenever it happened.
func TestPast10FrozenIsNotAskedThrough(t *testing.T) {
	h := newHouse(t)
	h.registered(ana, nil)
	freeze := func(frozen bool) { h.changed(ana, func(c *citizen.Citizen) { c.Frozen = frozen }) }
	id := h.asked("tax", ana)
	freeze(true)
	for _, verdict := range []confirm.State{confirm.Confirmed, confirm.Refused, confirm.Reported} {
		h.answered(id, ana, verdict, confirm.Blocked)
	}
	freeze(false)
	h.answered(id, ana, confirm.Confirmed, confirm.None)
	freeze(true)
	h.outcome(id, confirm.Refused)
	h.spent(id, false)
	h.phone()
	dead := h.asked("tax", ana)
	freeze(false)
	if list := must(h.Waiting(t.Context(), ana.String())); len(list) > 0 || len(h.phone()) > 0 {
		t.Error("asked while frozen")
	}
	h.answered(dead, ana, confirm.Confirmed, confirm.Foreign)
}

// Row 27: nobody is asked until they give in. Three times an hour by all services together, one at a time by each.
func TestPast27Fatigue(t *testing.T) {
	h := newHouse(t)
	h.registered(ana, nil)
	for _, c := range []struct {
		party string
		after time.Duration
		want  time.Duration
	}{
		{"tax", 0, 0},
		{"tax", time.Minute, 9 * time.Minute}, // one waits
		{"town", 0, 0},
		{"tax", 9 * time.Minute, 0},
		{"tax", 10 * time.Minute, 40 * time.Minute},
		{"town", 0, 40 * time.Minute},
		{"town", 40 * time.Minute, 0},
	} {
		h.move(c.after)
		id, wait, err := h.Ask(t.Context(), request(c.party, ana))
		if err != nil || wait != c.want || (id == "") != (wait > 0) {
			t.Errorf("%s at %v: %q, wait %v, %v; want %v", c.party, h.time().Sub(noon), id, wait, err, c.want)
		}
	}
	if n := len(h.phone()); n != 1 { // the others are too late to be of use
		t.Errorf("%d messages", n)
	}
}

func TestPast27ManyAtOnce(t *testing.T) {
	h := newHouse(t)
	h.registered(ana, nil)
	var asked atomic.Int64
	parallel(30, func(int) {
		if id, _, err := h.Ask(t.Context(), request("tax", ana)); id != "" && err == nil {
			asked.Add(1)
		}
	})
	if asked.Load() != 1 {
		t.Errorf("%d were asked at once", asked.Load())
	}
}

func TestPartyLimit(t *testing.T) {
	h := newHouse(t)
	h.Limits.Party.Count = 5
	for i := range 6 {
		n := must(nif.Parse(fmt.Sprintf("%08d%c", i, "TRWAGM"[i])))
		if _, wait, err := h.Ask(t.Context(), request("tax", n)); (wait > 0) != (i == 5) || err != nil {
			t.Errorf("%d: wait %v, %v", i, wait, err)
		}
	}
	h.asked("town", ana)
}

// What was confirmed waits five minutes for the service; what is unknown has expired.
func TestFetchedInTime(t *testing.T) {
	h := newHouse(t)
	h.registered(ana, nil)
	id := h.asked("tax", ana)
	h.move(9 * time.Minute)
	h.answered(id, ana, confirm.Confirmed, confirm.None)
	h.move(confirm.Fetch - time.Microsecond)
	h.outcome(id, confirm.Confirmed)
	h.move(time.Microsecond)
	h.outcome(id, confirm.Expired)
	h.spent(id, false)
	h.outcome("unknown", confirm.Expired)
	h.spent("unknown", false)
	if _, _, err := h.Answer(t.Context(), confirm.Answer{ID: id, Citizen: ana.String(), Means: h.pin(assurance.Low), Verdict: confirm.Expired}); err == nil {
		t.Error("a verdict that is none is taken")
	}
}

// What nobody answered is shown for a day, and can be reported.
func TestMissed(t *testing.T) {
	h := newHouse(t)
	h.registered(ana, nil)
	id := h.asked("tax", ana)
	missed := func(want int) {
		t.Helper()
		if list := must(h.Missed(t.Context(), ana.String())); len(list) != want {
			t.Errorf("%d missed, want %d", len(list), want)
		}
	}
	missed(0)
	h.move(10 * time.Minute)
	missed(1)
	if list := must(h.Waiting(t.Context(), ana.String())); len(list) > 0 {
		t.Error("its time is over, and it waits")
	}
	h.answered(id, ana, confirm.Reported, confirm.None)
	h.outcome(id, confirm.Expired)
	missed(0)
	h.asked("town", ana)
	h.move(24*time.Hour + 10*time.Minute)
	missed(0)
}

// A report is seen in the log, which names the service and the confirmation and nobody else.
func TestReportIsLogged(t *testing.T) {
	var log bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})))
	h := newHouse(t)
	h.registered(ana, nil)
	id := h.asked("tax", ana)
	h.answered(id, ana, confirm.Reported, confirm.None)
	h.answered(id, ana, confirm.Reported, confirm.Answered)
	refused := h.asked("town", ana)
	h.answered(refused, ana, confirm.Refused, confirm.None)
	if got, want := log.String(), `level=WARN msg="confirmation reported" party=tax confirmation=`+id+"\n"; got != want {
		t.Errorf("logged %q, want %q", got, want)
	}
}
