// Package gateway carries SMS to an operator, or to a body's own platform, that speaks a small protocol over HTTPS:
//
//	POST <URL>                                   Authorization: Bearer <token>
//	{"id": "…", "to": "+34…", "text": "…", "until": "2026-11-22T09:10:00Z"}
//	2xx {"ref": "…"}                             taken; ref is how a receipt will call it
//	429, 503 (Retry-After)                       not taken; later
//	400, 413 or another refusal                  not taken, and never will be
//	422                                          not taken, and nobody can be reached at that number
//	401, 403, 404, 405, 3xx                      not taken: our token or address is wrong; later
//	408, 409, 5xx, nothing                       unknown
//
// and, later, to us, as often as it takes to get a 2xx:
//
//	POST <receipts>                              Authorization: Bearer <its own token>
//	{"receipts": [{"ref": "…", "state": "delivered"}, {"ref": "…", "state": "refused"}]}
//
// The same id means the same message: a gateway that has it sends it no second time.
package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"clave/internal/courier"
	"clave/internal/notify"
	"clave/internal/secret"
)

// Config says where the gateway is.
type Config struct {
	Name     string // in receipts and logs; no two carriers have the same
	URL      string // https, or http on loopback
	Token    string // what we show it
	Receipts string // what it shows us with receipts; empty: none are taken
	Rate     float64
	Client   *http.Client // nil: one of our own. Its redirects are never followed
}

// ErrConfig means that a Config cannot work.
var ErrConfig = errors.New("gateway: wrong configuration")

// Carrier is a courier.Reporter, and the http.Handler that takes receipts while Report runs.
type Carrier struct {
	Config
	client *http.Client
	limit  *rate.Limiter
	note   atomic.Pointer[noter]
	key    []byte // hashes tokens, to compare them

	mu   sync.Mutex
	rest time.Time // it asked to be left alone until then
}

type noter func(ctx context.Context, list []courier.Receipt) error

// answerIn is how long the gateway may take for its answer.
const answerIn = 15 * time.Second

// New makes a carrier. Errors: ErrConfig.
func New(c Config) (*Carrier, error) {
	at, err := url.Parse(c.URL)
	switch {
	case courier.CheckName(c.Name) != nil:
		return nil, fmt.Errorf("%w: name: %w", ErrConfig, courier.CheckName(c.Name))
	case err != nil || at.Host == "" || at.User != nil || at.Scheme != "https" && !(at.Scheme == "http" && loopback(at.Hostname())):
		return nil, fmt.Errorf("%w: url: https, without a password in it", ErrConfig)
	case c.Token == "" || strings.ContainsAny(c.Token, "\r\n"):
		return nil, fmt.Errorf("%w: a token is needed", ErrConfig)
	case c.Receipts != "" && len(c.Receipts) < 16:
		return nil, fmt.Errorf("%w: the token of receipts: at least 16 characters", ErrConfig)
	case c.Rate < 0:
		return nil, fmt.Errorf("%w: rate: not negative", ErrConfig)
	}
	client := http.Client{}
	if c.Client != nil {
		client = *c.Client
	}
	if client.Timeout == 0 {
		client.Timeout = answerIn
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	limit := rate.NewLimiter(rate.Inf, 1)
	if c.Rate > 0 {
		limit = rate.NewLimiter(rate.Limit(c.Rate), max(1, int(c.Rate/4)))
	}
	return &Carrier{Config: c, client: &client, limit: limit, key: secret.Bytes(32)}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// String, GoString and LogValue keep the tokens out of every log.
func (c Config) String() string       { return "gateway " + c.Name }
func (c Config) GoString() string     { return c.String() }
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// message is what we send.
type message struct {
	ID    string     `json:"id"`
	To    string     `json:"to"`
	Text  string     `json:"text"`
	Until *time.Time `json:"until,omitempty"`
}

// Send implements courier.Carrier.
func (c *Carrier) Send(ctx context.Context, p courier.Parcel) (courier.Taken, error) {
	if err := c.turn(ctx); err != nil {
		return courier.Taken{}, err
	}
	r, written, err := c.request(ctx, p)
	if err != nil {
		return courier.Taken{}, fmt.Errorf("%w: gateway %s: no request", courier.ErrRefused, c.Name)
	}
	w, err := c.client.Do(r)
	if err != nil {
		var address *url.Error // its text repeats the address, which may hold a secret of theirs
		if errors.As(err, &address) {
			err = address.Err
		}
		if written.Load() {
			return courier.Taken{}, fmt.Errorf("gateway %s: sent, and then: %v", c.Name, err)
		}
		return courier.Taken{}, fmt.Errorf("%w: gateway %s: %v", courier.ErrBusy, c.Name, err)
	}
	defer w.Body.Close()
	return c.answered(w)
}

// turn waits for the rate, but not long: another carrier may have the message.
func (c *Carrier) turn(ctx context.Context) error {
	c.mu.Lock()
	rest := c.rest
	c.mu.Unlock()
	if time.Now().Before(rest) {
		return fmt.Errorf("%w: gateway %s asked for a rest", courier.ErrBusy, c.Name)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := c.limit.Wait(ctx); err != nil {
		return fmt.Errorf("%w: gateway %s: its rate is reached", courier.ErrBusy, c.Name)
	}
	return nil
}

// request makes the request; written becomes true when it has a connection that it may be written to. The client sends it a
// second time only when nothing of it was written: it shows no Idempotency-Key, which would let it try again whenever.
func (c *Carrier) request(ctx context.Context, p courier.Parcel) (r *http.Request, written *atomic.Bool, err error) {
	m := message{ID: p.ID, To: p.To, Text: p.Text}
	if !p.Until.IsZero() {
		until := p.Until.UTC()
		m.Until = &until
	}
	body, err := json.Marshal(m)
	if err != nil {
		return nil, nil, err
	}
	written = &atomic.Bool{}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { written.Store(true) },
	})
	r, err = http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c.Token)
	return r, written, nil
}

// longestAnswer is how much of an answer is read, in bytes.
const longestAnswer = 64 << 10

func (c *Carrier) answered(w *http.Response) (courier.Taken, error) {
	body, err := io.ReadAll(io.LimitReader(w.Body, longestAnswer))
	said := fmt.Errorf("gateway %s answered %d", c.Name, w.StatusCode)
	switch s := w.StatusCode; {
	case s >= 200 && s < 300 && err == nil:
		var taken struct {
			Ref string `json:"ref"`
		}
		json.Unmarshal(body, &taken) // it has the message, whatever it calls it
		if taken.Ref == "" {
			return courier.Taken{State: notify.Accepted}, nil
		}
		return courier.Taken{State: notify.Accepted, Ref: c.Name + ":" + taken.Ref}, nil
	case s == http.StatusTooManyRequests, s == http.StatusServiceUnavailable:
		c.leaveAlone(w.Header.Get("Retry-After"), time.Now())
		return courier.Taken{}, fmt.Errorf("%w: %w", courier.ErrBusy, said)
	case s == http.StatusUnprocessableEntity:
		return courier.Taken{}, fmt.Errorf("%w: %w", courier.ErrNobody, said)
	case s == http.StatusUnauthorized, s == http.StatusForbidden, s == http.StatusNotFound, s == http.StatusMethodNotAllowed, s >= 300 && s < 400:
		// our own configuration is wrong: the message is not, and must not be lost
		return courier.Taken{}, fmt.Errorf("%w: %w: token or address are wrong", courier.ErrBusy, said)
	case s == http.StatusConflict, s == http.StatusRequestTimeout: // it may have the message
		return courier.Taken{}, said
	case s >= 400 && s < 500:
		return courier.Taken{}, fmt.Errorf("%w: %w", courier.ErrRefused, said)
	default:
		return courier.Taken{}, said
	}
}

// leaveAlone heeds Retry-After, in seconds, within bounds.
func (c *Carrier) leaveAlone(after string, now time.Time) {
	seconds, err := strconv.Atoi(after)
	if err != nil || seconds < 1 {
		seconds = 1
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rest = now.Add(min(time.Duration(min(seconds, 3600))*time.Second, time.Minute))
}
