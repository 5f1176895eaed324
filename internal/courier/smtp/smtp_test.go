package smtp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"clave/internal/courier"
	"clave/internal/courier/smtp"
	"clave/internal/notify"
	"clave/internal/secret"
)

var logged lockedBuffer

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, nil)))
	os.Exit(m.Run())
}

func (h *house) config() smtp.Config {
	return smtp.Config{Address: h.plain, User: "clave", Password: "let me in", TLS: h.tls(), Security: smtp.StartTLS,
		From: "Cl@ve <no-reply@clave.example>", Bounce: "bounce@correo.example", Bounces: h.folder + "/mail/bounces", Look: 20 * time.Millisecond}
}

func carrier(t *testing.T, config smtp.Config) *smtp.Carrier {
	t.Helper()
	c, err := smtp.New(config)
	must(t, err)
	return c
}

func parcel(to string) courier.Parcel {
	return courier.Parcel{ID: secret.ID(time.Now()), Kind: notify.NotMe, To: to, Lang: "ca", Subject: "Hem tancat l’accés amb Cl@ve",
		Text: "Bon dia,\n\n.una línia que comença amb un punt\nAdeu.\n"}
}

func TestAnEmailArrives(t *testing.T) {
	h := startHouse(t)
	implicit := h.config()
	implicit.Address, implicit.Security = h.implicit, smtp.TLS
	for n, config := range []smtp.Config{h.config(), implicit} {
		c, p := carrier(t, config), parcel(ana)
		p.ReplyTo = "rosa@example.org"
		taken, err := c.Send(t.Context(), p)
		if err != nil || taken.State != notify.Accepted {
			t.Fatalf("%s: %v, %v", config.Security, taken, err)
		}
		for _, text := range h.arrived(t, "ana", n+1) {
			if strings.Contains(text, p.ID) {
				asWritten(t, text, p)
			}
		}
	}
}

func asWritten(t *testing.T, text string, p courier.Parcel) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	must(t, err)
	for name, want := range map[string]string{
		"Message-Id": "<" + p.ID + "@clave.example>", "From": `"Cl@ve" <no-reply@clave.example>`, "To": "<" + p.To + ">",
		"Reply-To": "<" + p.ReplyTo + ">", "Auto-Submitted": "auto-generated", "Content-Language": "ca",
		"Content-Type": "text/plain; charset=UTF-8", "User-Agent": "", "X-Mailer": "", "List-Id": "",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if _, err := m.Header.Date(); err != nil {
		t.Errorf("Date: %v", err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	must(t, err)
	if got := strings.ReplaceAll(string(body), "\r\n", "\n"); strings.TrimSpace(got) != strings.TrimSpace(p.Text) {
		t.Errorf("the text is %q", got)
	}
}

// What the server answers decides, and what it says of the reader reaches no error.
func TestWhatTheServerAnswers(t *testing.T) {
	h := startHouse(t)
	c := carrier(t, h.config())
	for _, test := range []struct {
		to   string
		want error
	}{
		{nobody, courier.ErrRefused}, {later, courier.ErrBusy}, {picky, courier.ErrRefused}, {hurried, courier.ErrBusy}, {ana, nil},
	} {
		_, err := c.Send(t.Context(), parcel(test.to))
		if !errors.Is(err, test.want) || test.want == nil && err != nil {
			t.Errorf("%s: %v", test.to, err)
		}
		if err != nil && strings.Contains(err.Error(), "correo") {
			t.Errorf("the error tells who: %v", err)
		}
	}
	h.arrived(t, "ana", 1)
}

// What the server has against us is no fault of the e-mail: it waits until the operator has mended it.
func TestNoNoticeIsLostByAWrongSetting(t *testing.T) {
	h := startHouse(t)
	for name, spoil := range map[string]func(*smtp.Config){
		"no user":     func(c *smtp.Config) { c.User = "" },
		"password":    func(c *smtp.Config) { c.Password = "open" },
		"sender":      func(c *smtp.Config) { c.From, c.Bounce, c.Bounces = "stranger@clave.example", "", "" },
		"certificate": func(c *smtp.Config) { c.TLS = nil },
		"other name":  func(c *smtp.Config) { c.TLS = c.TLS.Clone(); c.TLS.ServerName = "mail.example.org" },
		"nobody home": func(c *smtp.Config) { c.Address = "127.0.0.1:1" },
		"no STARTTLS": func(c *smtp.Config) { c.Address = h.implicit },
	} {
		config := h.config()
		spoil(&config)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		_, err := carrier(t, config).Send(ctx, parcel(ana))
		cancel()
		if !errors.Is(err, courier.ErrBusy) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "let me in") || strings.Contains(err.Error(), "open")) {
			t.Errorf("%s: the error has the password: %v", name, err)
		}
	}
	if got := h.mailbox("ana"); len(got) > 0 {
		t.Errorf("it arrived: %q", got)
	}
}

// A server that takes connections and says nothing slows nobody down for longer than the caller allows.
func TestAGreetingThatDoesNotCome(t *testing.T) {
	h := startHouse(t)
	config := h.config()
	config.Address, config.Connections = h.slow, 1
	c := carrier(t, config)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	var all sync.WaitGroup
	for range 4 { // three of them wait for the connection
		all.Go(func() {
			if _, err := c.Send(ctx, parcel(ana)); !errors.Is(err, courier.ErrBusy) {
				t.Errorf("got %v", err)
			}
		})
	}
	all.Wait()
}

func TestManyAtOnceOverFewConnections(t *testing.T) {
	h := startHouse(t)
	watched := between(t, h.plain)
	config := h.config()
	config.Address, config.Connections = watched.address, 2
	c := carrier(t, config)
	var all sync.WaitGroup
	for n := range 40 {
		all.Go(func() {
			to := ana
			if n%4 == 0 {
				to = nobody // a refusal leaves the connection as it was
			}
			if _, err := c.Send(t.Context(), parcel(to)); (to == ana) != (err == nil) {
				t.Errorf("%s: %v", to, err)
			}
		})
	}
	all.Wait()
	h.arrived(t, "ana", 30)
	if n := watched.opened(); n > 2 {
		t.Errorf("%d connections", n)
	}
}

func TestNoHeaderIsSmuggled(t *testing.T) {
	c := carrier(t, smtp.Config{Address: "127.0.0.1:1", Security: smtp.None, From: "no-reply@clave.example"})
	for name, spoil := range map[string]func(*courier.Parcel){
		"to":       func(p *courier.Parcel) { p.To = "ana@correo.example>\r\nRCPT TO:<eve@example.org" },
		"two":      func(p *courier.Parcel) { p.To = "ana@correo.example, eve@example.org" },
		"reply":    func(p *courier.Parcel) { p.ReplyTo = "rosa@example.org\r\nBcc: eve@example.org" },
		"named":    func(p *courier.Parcel) { p.ReplyTo = "Rosa <rosa@example.org>" },
		"subject":  func(p *courier.Parcel) { p.Subject = "Avís\nBcc: eve@example.org" },
		"language": func(p *courier.Parcel) { p.Lang = "ca\r\n\r\nHello" },
		"id":       func(p *courier.Parcel) { p.ID = "1@x>\r\nBcc: eve@example.org\r\nX: <1" },
	} {
		p := parcel(ana)
		spoil(&p)
		if _, err := c.Send(t.Context(), p); !errors.Is(err, courier.ErrValue) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConfigurations(t *testing.T) {
	good := smtp.Config{Address: "mail.example.es:465", Security: smtp.TLS, From: "Cl@ve <no-reply@clave.example>", Bounce: "bounce@clave.example", Bounces: "/var/mail/bounces"}
	if _, err := smtp.New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*smtp.Config){
		"no port":                func(c *smtp.Config) { c.Address = "mail.example.es" },
		"opportunistic":          func(c *smtp.Config) { c.Security = "" },
		"plain, far away":        func(c *smtp.Config) { c.Security = smtp.None },
		"plain, looks like here": func(c *smtp.Config) { c.Security, c.Address = smtp.None, "127.0.0.1.example.es:25" },
		"nobody writes":          func(c *smtp.Config) { c.From = "" },
		"two write":              func(c *smtp.Config) { c.From = "a@clave.example, b@clave.example" },
		"bounce is no address":   func(c *smtp.Config) { c.Bounce = "bounce" },
		"bounce is too long":     func(c *smtp.Config) { c.Bounce = strings.Repeat("b", 40) + "@clave.example" },
		"nothing comes back":     func(c *smtp.Config) { c.Bounce = "" },
		"no connection":          func(c *smtp.Config) { c.Connections = -1 },
	} {
		config := good
		spoil(&config)
		if _, err := smtp.New(config); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
