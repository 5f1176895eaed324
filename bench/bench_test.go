package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestMain is the server when a test starts this program as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == serveArgument {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestJourneys drives a few whole logins of each kind, so that the benchmark breaks no later than the pages that it drives.
func TestJourneys(t *testing.T) {
	for _, j := range journeys {
		t.Run(j.name, func(t *testing.T) {
			var out strings.Builder
			o := options{logins: 6, warmup: 2, users: 3, citizens: 10, dir: t.TempDir()}
			if err := drive(t.Context(), j.name, o, &out); err != nil {
				t.Fatal(err)
			}
			if !regexp.MustCompile(`(?m)^figure ` + j.name + `\.signatures \d+\.\d$`).MatchString(out.String()) {
				t.Error(out.String())
			}
			if !regexp.MustCompile(`commits per login +(0\.0*)?[1-9]`).MatchString(out.String()) {
				t.Error("no commits were counted:\n", out.String())
			}
		})
	}
}

func TestDriveUnknown(t *testing.T) {
	if err := drive(t.Context(), "nothing", options{}, &strings.Builder{}); err == nil {
		t.Error("an unknown journey was driven")
	}
}

func TestLoadFails(t *testing.T) {
	wrong := errors.New("wrong")
	ran := 0
	_, _, err := load(t.Context(), 0, 100, 1, func(_ context.Context, i int) error {
		ran++
		if i == 3 {
			return wrong
		}
		return nil
	})
	if !errors.Is(err, wrong) || ran != 4 {
		t.Errorf("error %v after %d journeys", err, ran)
	}
}

func TestPercentile(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for _, c := range []struct {
		times []time.Duration
		p     int
		want  time.Duration
	}{
		{hundred, 50, 50}, {hundred, 95, 95}, {hundred, 99, 99}, {hundred, 100, 100},
		{hundred[:1], 50, 1}, {hundred[:3], 50, 2}, {hundred[:10], 95, 10},
	} {
		if got := percentile(c.times, c.p); got != c.want {
			t.Errorf("percentile %d of %d: %d, want %d", c.p, len(c.times), got, c.want)
		}
	}
}

// TestPeople: each has a number, phone and address of their own.
func TestPeople(t *testing.T) {
	seen := map[string]bool{}
	for i := range 2000 {
		p := somebody(i)
		for _, s := range []string{p.NIF.String(), phoneOf(i), addressOf(i).String()} {
			if seen[s] {
				t.Fatalf("citizen %d: %s is another's", i, s)
			}
			seen[s] = true
		}
	}
}

func TestReadPage(t *testing.T) {
	const text = `<!doctype html><title>x</title><h1>Hello <b>there</b></h1><form action="/search"><input name="q"></form>
		<form method="POST" action="?a=1"><input type="hidden" name="h" value="1&amp;2"><input name="pin"><input type="checkbox" name="no" value="1">
		<input type="radio" name="r" value="a"><input type="radio" name="r" value="b" checked><button name="go" value="1">a</button>
		<button name="go" value="2">b</button></form>`
	at := must(url.Parse("https://clave.example/login/1/pin"))
	answer := &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(text)), Request: &http.Request{URL: at}}
	p, err := readPage(answer)
	if err != nil || p.heading != "Hello there" || len(p.forms) != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	f, ok := p.form("pin")
	if !ok || f.action.String() != "https://clave.example/login/1/pin?a=1" || f.fields.Encode() != "go=1&h=1%262&pin=&r=b" {
		t.Errorf("%v %s %s", ok, f.action, f.fields.Encode())
	}
	if _, ok := p.form("q"); ok {
		t.Error("a form that is not posted was found")
	}
}
