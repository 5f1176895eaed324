package demo_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clave/internal/demo"
	"clave/internal/keyring"
	"clave/internal/notify"
)

func start(t *testing.T, o demo.Options) *demo.Demo {
	t.Helper()
	d, err := demo.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func get(t *testing.T, url string, change func(*http.Request)) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func TestEverythingAnswers(t *testing.T) {
	d := start(t, demo.Options{})
	for url, want := range map[string]string{
		d.Clave: "Cl@ve", d.Sede: "Entrar con Cl@ve", d.World: "99990001P", d.World + "/phone": "SMS", d.World + "/letters": "cartas",
		d.World + "/?lang=en": "Nobody here exists", d.Tax: "Hacienda de Villaclara", d.Sede + "/salud/": "fuera de la sesión única",
		d.Sede + "/registro/": "sustancial", d.World + "/?lang=es": "Hacienda de Villaclara", d.Tax + "/ventanilla": "teléfono",
	} {
		if status, body := get(t, url, nil); status != http.StatusOK || !strings.Contains(strings.ToLower(body), strings.ToLower(want)) {
			t.Errorf("%s: %d without %q", url, status, want)
		}
	}
	var welcome strings.Builder
	if err := d.Welcome(&welcome); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{d.Clave, d.Sede, d.Tax, d.World, "99990001P", "30/06/2030"} {
		if !strings.Contains(welcome.String(), want) {
			t.Errorf("the welcome lacks %q", want)
		}
	}
}

// A page of another site could reach a demonstration by a name of its own (DNS rebinding), and a proxy would show it to the
// world.
func TestRule23OnlyThisMachine(t *testing.T) {
	d := start(t, demo.Options{})
	for name, change := range map[string]func(*http.Request){
		"foreign host":   func(r *http.Request) { r.Host = "clave.example" },
		"rebound host":   func(r *http.Request) { r.Host = "localhost.attacker.example" },
		"forwarded":      func(r *http.Request) { r.Header.Set("Forwarded", "for=192.0.2.1") },
		"forwarded for":  func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.1") },
		"forwarded host": func(r *http.Request) { r.Header.Set("X-Forwarded-Host", "clave.example") },
	} {
		for _, site := range []string{d.Clave, d.Sede, d.Tax, d.World} {
			if status, _ := get(t, site, change); status != http.StatusMisdirectedRequest && status != http.StatusBadRequest {
				t.Errorf("%s at %s: %d", name, site, status)
			}
		}
	}
}

func TestRule23RefusesLiveKeys(t *testing.T) {
	dir := t.TempDir()
	if _, err := keyring.Create(filepath.Join(dir, "keys.json"), keyring.Live, time.Now()); err != nil {
		t.Fatal(err)
	}
	d, err := demo.Start(context.Background(), demo.Options{Data: dir})
	if err == nil {
		d.Close()
		t.Fatal("a demonstration opened the keys of a live installation")
	}
	if !strings.Contains(err.Error(), "live") {
		t.Errorf("%v", err)
	}
}

// The clock and what arrived outlive a restart; a world that is not kept leaves nothing.
func TestTheWorldIsKept(t *testing.T) {
	dir := t.TempDir()
	d, err := demo.Start(context.Background(), demo.Options{Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Clock.Move(11 * time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := d.Clock.Move(-time.Minute); err == nil {
		t.Error("the clock went back")
	}
	owe(t, d)
	for len(d.Inbox.Items(notify.SMS, "+34600000001")) == 0 {
		<-d.Inbox.Changed()
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again := start(t, demo.Options{Data: dir})
	if _, err := demo.Start(context.Background(), demo.Options{Data: dir}); err == nil || !strings.Contains(err.Error(), "another demonstration") {
		t.Errorf("a second demonstration in the same folder: %v", err)
	}
	if again.Clock.Ahead() != 11*time.Minute {
		t.Errorf("the clock is %v ahead", again.Clock.Ahead())
	}
	if got := again.Inbox.Items(notify.SMS, "+34600000001"); len(got) != 1 {
		t.Errorf("%d messages were kept", len(got))
	}
}

func owe(t *testing.T, d *demo.Demo) {
	now := d.Clock.Now()
	err := d.Node.Store.Do(t.Context(), func(ctx context.Context) error {
		return d.Node.Store.AddMessage(ctx, notify.Message{
			ID: "01", Kind: notify.WelcomeSMS, To: "+34600000001", Lang: "es", Created: now, Until: now.Add(time.Hour),
			Values: map[string]string{"host": "localhost"},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	d, err := demo.Start(context.Background(), demo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) != 0 {
		t.Errorf("%v is left behind (%v)", left, err)
	}
}

func TestTakenPortSaysSo(t *testing.T) {
	d := start(t, demo.Options{})
	_, port, _ := strings.Cut(strings.TrimPrefix(d.Sede, "http://"), ":")
	_, err := demo.Start(context.Background(), demo.Options{Ports: demo.Ports{Sede: atoi(t, port)}})
	if err == nil || !strings.Contains(err.Error(), "-port") {
		t.Errorf("%v", err)
	}
}

func atoi(t *testing.T, digits string) (n int) {
	for _, c := range digits {
		n = 10*n + int(c-'0')
	}
	if n == 0 {
		t.Fatalf("no port in %q", digits)
	}
	return n
}

// The clock's page leads back to pages of its own only; browsers drop tabs and line ends out of an address before they
// follow it.
func TestBackLeadsNowhereElse(t *testing.T) {
	d, err := demo.Start(context.Background(), demo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, back := range []string{"//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", "https://evil.example"} {
		a, err := client.PostForm(d.World+"/clock", url.Values{"by": {"0s"}, "back": {back}})
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		if got := a.Header.Get("Location"); got != "/" {
			t.Errorf("%q leads to %q", back, got)
		}
	}
}
