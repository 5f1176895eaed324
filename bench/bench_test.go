package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
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
			if err := drive(t.Context(), j.name, o, &sheet{Writer: &out}); err != nil {
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
	if err := drive(t.Context(), "nothing", options{}, &sheet{Writer: io.Discard}); err == nil {
		t.Error("an unknown part was driven")
	}
}

// TestParts drives everything that is no journey in a small form, and finds its figures.
func TestParts(t *testing.T) {
	o := options{logins: 10, warmup: 2, users: 2, citizens: 10, million: 1100, levels: []int{2, 4}, dir: t.TempDir()}
	for _, c := range []struct {
		part    string
		figures []string
	}{
		{"overload", []string{`overload\.tail-ratio \d+\.\d`, `overload\.throughput-ratio \d+\.\d\d`}},
		{"million", []string{`million\.memory-mb \d+`, `million\.cost-ratio \d+\.\d\d`}},
		{"start", []string{`start\.seconds \d+\.\d\d`}},
	} {
		t.Run(c.part, func(t *testing.T) {
			var out strings.Builder
			if err := drive(t.Context(), c.part, o, &sheet{Writer: &out}); err != nil {
				t.Fatal(err)
			}
			for _, f := range c.figures {
				if !regexp.MustCompile(`(?m)^bar .*\nfigure ` + f + `$`).MatchString(out.String()) {
					t.Errorf("no %s in\n%s", f, out.String())
				}
			}
		})
	}
}

// A bar that is missed is said, and is an error only where it is asked for.
func TestBars(t *testing.T) {
	var out strings.Builder
	s := &sheet{Writer: &out}
	for _, f := range []figure{
		{name: "a", value: 5, bar: 5, digits: 1}, {name: "b", value: 0.89, bar: 0.9, least: true, digits: 2}, {name: "c", value: 7},
		{name: "d", value: 5.1, bar: 5, digits: 1}, {name: "e", value: 0.9, bar: 0.9, least: true, digits: 1},
	} {
		if err := s.note(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.verdict(); err == nil || err.Error() != "missed: b, d" {
		t.Error(err)
	}
	const want = "bar a at most 5 met\nfigure a 5.0\nbar b at least 0.9 missed\nfigure b 0.89\nfigure c 7\n"
	if !strings.HasPrefix(out.String(), want) {
		t.Error(out.String())
	}
}

// Where there are too many, a person waits as long as they are asked to, and goes on with what they sent.
func TestPatience(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch asked++; {
		case asked == 1 && r.FormValue("nif") == "1":
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			io.WriteString(w, `<form method="post" action="/waiting"><input type="hidden" name="request" value="x"></form>`)
		case asked == 2 && r.FormValue("request") == "x" && r.URL.Path == "/waiting":
			io.WriteString(w, `<h1>In</h1>`)
		default:
			http.Error(w, "wrong", http.StatusBadRequest)
		}
	}))
	defer server.Close()
	v := &visitor{browser: &browser{client: server.Client()}}
	at := link(server.URL)
	p, err := v.browser.post(t.Context(), at, at, url.Values{"nif": {"1"}})
	if err == nil {
		p, err = v.patient(t.Context(), p)
	}
	if err != nil || p.heading != "In" || v.waited != 1 {
		t.Errorf("%+v, %d times, %v", p, v.waited, err)
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
