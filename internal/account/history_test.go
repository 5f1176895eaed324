package account_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"clave/internal/account"
	"clave/internal/assurance"
	"clave/internal/audit"
	"clave/internal/citizen"
	"clave/internal/nif"
	"clave/internal/otp"
	"clave/internal/secret"
)

// history is what a person is told, one line a visit: result, service, method, level, wrong PINs.
func (h *house) history(c citizen.Citizen) (lines []string) {
	h.t.Helper()
	list, _, err := h.Visits(h.t.Context(), c.NIF, "")
	if err != nil {
		h.t.Fatal(err)
	}
	for _, v := range list {
		lines = append(lines, fmt.Sprint(v.Result, " ", v.Party, " ", v.Method, " ", v.Level, " ", v.Wrong))
	}
	return lines
}

var anotherDatum = must(nif.ParseDate(nif.Validity, "2031-01-01"))

// One visit is one line, whatever was tried in it.
func TestOneVisitIsOneLine(t *testing.T) {
	for want, visit := range map[string]func(b *browser, c citizen.Citizen){
		"entered town pin substantial 0": func(b *browser, c citizen.Citizen) { b.enters("town", c) },
		"unused town pin none 0":         func(b *browser, c citizen.Citizen) { b.ask(b.begin("town"), c, c.Datum) },
		"wrong-data town pin none 0":     func(b *browser, c citizen.Citizen) { b.ask(b.begin("town"), c, anotherDatum) },
		"wrong-pin town pin none 2": func(b *browser, c citizen.Citizen) {
			l := b.begin("town")
			challenge, _ := b.ask(l, c, c.Datum)
			b.types(l, challenge, "0")
			b.types(l, challenge, "0")
		},
		"entered town pin substantial 1": func(b *browser, c citizen.Citizen) {
			l := b.begin("town")
			challenge, code := b.ask(l, c, c.Datum)
			b.types(l, challenge, "0")
			who, _ := b.types(l, challenge, code)
			b.completes(l, who.Session.ID)
		},
		"proven town pin substantial 0": func(b *browser, c citizen.Citizen) {
			l := b.begin("town")
			challenge, code := b.ask(l, c, c.Datum)
			b.types(l, challenge, code)
		},
		"cancelled town pin none 0": func(b *browser, c citizen.Citizen) {
			l := b.begin("town")
			b.ask(l, c, c.Datum)
			must(b.Broker.Cancel(b.t.Context(), l, "cancelled", b.Visitor))
		},
		"too-low strict pin none 0": func(b *browser, c citizen.Citizen) {
			b.do(func(ctx context.Context) error {
				c.PhoneBinding = assurance.Low
				return b.db.SaveCitizen(ctx, c)
			})
			l := b.begin("strict")
			challenge, code := b.ask(l, c, c.Datum)
			b.types(l, challenge, code)
		},
	} {
		t.Run(want, func(t *testing.T) {
			h := newHouse(t)
			c := h.someone("12345678Z", assurance.Advanced)
			visit(h.browser("83.45.1.2", "Firefox, Android"), c)
			if lines := h.history(c); !slices.Equal(lines, []string{want}) {
				t.Errorf("got %q", lines)
			}
		})
	}
}

// What happened outside logins stands there too, each thing by itself.
func TestWhatHappenedStandsThere(t *testing.T) {
	h := newHouse(t)
	c := h.someone("12345678Z", assurance.Advanced)
	for event, want := range map[audit.Event]account.Result{
		audit.CitizenRegistered: account.Registered, audit.PhoneTaken: account.PhoneLost, audit.CitizenFrozen: account.Frozen,
		audit.ConfirmationAsked: account.ConfirmAsked, audit.ConfirmationUsed: account.Confirmed, audit.SessionEnded: account.SessionEnded,
		audit.RecordCopied: account.Copied, "news.heard": account.Other,
	} {
		h.do(func(ctx context.Context) error {
			now := h.time()
			return h.db.AddAudit(ctx, audit.Entry{ID: secret.ID(now), At: now, Event: event, Subject: audit.Subject(ring(), c.NIF), From: "192.0.2.9"})
		})
		list, _, err := h.Visits(t.Context(), c.NIF, "")
		if err != nil || list[0].Result != want || list[0].Suspect() != (want == account.Confirmed) {
			t.Errorf("%s: %+v, %v", event, list[0], err)
		}
		service := event == audit.ConfirmationAsked || event == audit.ConfirmationUsed
		if (list[0].From == "") != service {
			t.Errorf("%s: from %q", event, list[0].From)
		}
	}
}

// A visit is on one page, however it lies across others in time.
func TestPagesHoldEveryVisitOnce(t *testing.T) {
	h := newHouse(t)
	c, other := h.someone("12345678Z", assurance.Advanced), h.someone("87654321X", assurance.Advanced)
	add := func(flow int, c citizen.Citizen) {
		h.do(func(ctx context.Context) error {
			now := h.time()
			return h.db.AddAudit(ctx, audit.Entry{
				ID: secret.ID(now), At: now, Event: audit.PINAsked, Subject: audit.Subject(ring(), c.NIF), Flow: fmt.Sprint(flow),
			})
		})
	}
	const visits = 2*account.PageLength + 3
	for range 2 {
		for i := range visits {
			add(i, c)
			add(visits+i, other)
		}
	}
	var seen []string
	for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
		list, older, err := h.Visits(t.Context(), c.NIF, cursor)
		if err != nil || pages > 2 {
			t.Fatal(pages, err)
		}
		for _, v := range list {
			seen = append(seen, v.Last)
		}
		cursor = older
	}
	sorted := slices.Clone(seen)
	slices.Sort(sorted)
	slices.Reverse(sorted)
	if len(seen) != visits || !slices.Equal(seen, sorted) || len(slices.Compact(sorted)) != visits {
		t.Errorf("%d lines for %d visits", len(seen), visits)
	}
}

// The list to check holds the services that were told, since the visit that the person points at.
func TestInformedServices(t *testing.T) {
	h := newHouse(t)
	c := h.someone("12345678Z", assurance.Advanced)
	mine, theirs := h.browser("83.45.1.2", "Firefox, Android"), h.browser("198.51.100.7", "Chrome, Linux")
	mine.enters("town", c)
	mine.enters("clave", c)
	h.move(time.Hour)
	l := h.begin("tax")
	challenge, code := theirs.ask(l, c, c.Datum)
	if _, verdict := theirs.types(l, challenge, "0"); verdict != otp.Wrong {
		t.Fatal(verdict)
	}
	who, _ := theirs.types(l, challenge, code)
	theirs.completes(l, who.Session.ID)
	list, _, err := h.Visits(t.Context(), c.NIF, "")
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	for since, want := range map[string][]string{"": {"tax", "town"}, list[0].First: {"tax"}, list[2].First: {"tax", "town"}, "zzz": nil} {
		informed, err := h.Informed(t.Context(), c.NIF, since, h.time())
		var got []string
		for _, i := range informed {
			got = append(got, i.Party)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("since %q: %q, %v; want %q", since, got, err, want)
		}
	}
}

func TestNetworksAreCoarse(t *testing.T) {
	for address, want := range map[string]string{
		"83.45.12.200": "83.45.··", "::ffff:83.45.12.200": "83.45.··", "2a02:9130:88:1::5": "2a02:9130:··", "::1": "0:0:··", "": "", "nowhere": "",
	} {
		if got := account.Network(address); got != want {
			t.Errorf("%q: %q", address, got)
		}
	}
	for _, c := range []struct {
		one, other string
		want       bool
	}{
		{"83.45.12.200", "83.45.12.200", true}, {"83.45.12.200", "83.45.12.201", false}, {"2a02:9130:88:1::5", "2a02:9130:88:1:9::1", true},
		{"2a02:9130:88:1::5", "2a02:9130:88:2::5", false}, {"", "", false},
	} {
		if got := account.SameNetwork(c.one, c.other); got != c.want {
			t.Errorf("%v: %v", c, got)
		}
	}
}

func FuzzNetwork(f *testing.F) {
	f.Add("83.45.12.200")
	f.Add("fe80::1%eth0")
	f.Fuzz(func(t *testing.T, address string) {
		if got := account.Network(address); len(got) > len("ffff:ffff:··") {
			t.Errorf("%q: %q", address, got)
		}
	})
}
