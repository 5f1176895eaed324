package oidc

import (
	"context"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"clave/internal/login"
	"clave/internal/relying"
	"clave/internal/telemetry"
	"clave/internal/throttle"
)

// call is one request on its way through the library, which finds it in its context.
type call struct {
	path    string
	party   relying.Party
	client  *goidc.Client
	locales string         // the languages that the request prefers
	hint    string         // what the id_token_hint calls the person
	grant   *grant         // found in this call
	refresh string         // the refresh token that found it
	begin   *login.Request // what the authorization endpoint made of the request
	problem string         // why it made nothing of it
	from    string         // the service's address
	wait    time.Duration  // how long the service must wait, for it asked too often
	failed  error          // the store's: whatever the library makes of it, nothing is kept or answered
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// fail keeps an error of the store from becoming an answer.
func (c *call) fail(err error) error {
	if err != nil && c.failed == nil {
		c.failed = err
	}
	return err
}

// wrong is an error that a service is told.
type wrong struct {
	Code string `json:"error"`
	Text string `json:"error_description,omitempty"`
}

const maxForm = 64 << 10 // bytes of a posted form

// post is an endpoint that services post to.
func (p *Provider) post(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" || r.ParseForm() != nil {
		writeJSON(w, http.StatusBadRequest, wrong{"invalid_request", "the body must be a form"})
		return
	}
	decodeBasic(r)
	c, bad, err := p.calls(r)
	switch {
	case err != nil:
		p.broken(w, err)
	case bad != nil:
		deny(w, r.URL.Path, *bad)
	default:
		p.unit(w, r, c)
	}
}

// calls checks what can be checked before the unit of work, and fetches what it will need.
func (p *Provider) calls(r *http.Request) (*call, *wrong, error) {
	if once(r.PostForm) != nil {
		return nil, &wrong{"invalid_request", "a parameter is there twice"}, nil
	}
	party, known, err := p.speaks(r.Context(), identify(r))
	if err != nil || !known {
		return nil, &wrong{"invalid_client", "unknown client"}, err
	}
	if !p.meantForUs(r.PostForm.Get("client_assertion")) {
		return nil, &wrong{"invalid_client", "the assertion is not for us alone"}, nil
	}
	if bad := p.fapiClient(party, r); bad != nil {
		return nil, bad, nil
	}
	c := &call{path: r.URL.Path, party: party, from: throttle.Address(r.RemoteAddr)}
	if bad := p.ready(c, r); bad != nil {
		return nil, bad, nil
	}
	keys, err := p.keysFor(r.Context(), party, r.PostForm)
	if err != nil {
		p.Log.Warn("keys of a service cannot be read", "party", party.ID, "err", err)
		return nil, &wrong{"invalid_client", "your keys cannot be read"}, nil
	}
	c.client = clientOf(party, keys)
	return c, nil, nil
}

// ready checks what the library would pass over.
func (p *Provider) ready(c *call, r *http.Request) *wrong {
	switch c.path {
	case pushPath:
		if c.party.OIDC.Auth == relying.None { // nothing is kept for whoever has not proven who they are
			return &wrong{"unauthorized_client", "a public client cannot push requests"}
		}
		return p.prepare(c, r.PostForm)
	case askPath:
		return askable(c.party, r.PostForm)
	case tokenPath:
		r.PostForm.Del("scope") // a token has what was granted, and its answer says so (RFC 6749 §3.3)
	}
	return nil
}

// errInternal means that the library could not do its work: nothing of it is kept.
var errInternal = errors.New("oidc: the library failed")

// unit runs the library in one unit of work, refusals too, for they carry revocations. Nothing leaves before the commit.
func (p *Provider) unit(w http.ResponseWriter, r *http.Request, c *call) {
	var held *answer
	var wait time.Duration
	ctx, span := telemetry.Span(r.Context(), "oidc.exchange")
	defer span.End()
	err := p.Store.Do(ctx, func(ctx context.Context) error {
		attempt := *c // a unit may run twice
		held = newAnswer()
		p.library.ServeHTTP(held, forLibrary(context.WithValue(ctx, callKey{}, &attempt), r))
		wait = attempt.wait
		if attempt.failed != nil {
			return attempt.failed
		}
		if held.status == 0 || held.status >= http.StatusInternalServerError {
			return errInternal
		}
		return nil
	})
	if err != nil {
		p.broken(w, err)
		return
	}
	held.proofErrors()
	held.challenge(c.path)
	if wait > 0 {
		held.header.Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
	}
	held.send(w)
}

// forLibrary is the request as the library sees it: it compares the proof of possession with RequestURI.
func forLibrary(ctx context.Context, r *http.Request) *http.Request {
	r = r.WithContext(ctx)
	r.RequestURI = r.URL.Path
	return r
}

// broken answers that something of ours went wrong.
func (p *Provider) broken(w http.ResponseWriter, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	if p.Away != nil && p.Away(err) {
		p.Log.Warn("openid connect: the database is away", "err", err)
		w.Header().Set("Retry-After", "5")
		writeJSON(w, http.StatusServiceUnavailable, wrong{"temporarily_unavailable", "try again in a moment"})
		return
	}
	p.Log.Error("openid connect failed", "err", err)
	writeJSON(w, http.StatusInternalServerError, wrong{"server_error", ""})
}

// deny answers a refusal that needed no unit of work.
func deny(w http.ResponseWriter, path string, bad wrong) {
	held := newAnswer()
	status := http.StatusBadRequest
	if bad.Code == "invalid_client" || bad.Code == "invalid_token" {
		status = http.StatusUnauthorized
	}
	held.header.Set("Cache-Control", "no-store")
	writeJSON(held, status, bad)
	held.challenge(path)
	held.send(w)
}

// noteError logs why the library refused.
func (p *Provider) noteError(ctx context.Context, err error) {
	c, level := callOf(ctx), slog.LevelInfo
	var bad goidc.Error
	if errors.As(err, &bad) && (bad.Code == goidc.ErrorCodeAuthPending || bad.Code == goidc.ErrorCodeSlowDown) {
		level = slog.LevelDebug
	}
	p.Log.Log(ctx, level, "openid connect request refused", "party", c.party.ID, "path", c.path, "err", err)
}

// once refuses parameters that are there twice (RFC 6749 §3.1, §3.2): who checks and who uses them must see the same.
func once(values map[string][]string) error {
	for name, list := range values {
		if len(list) > 1 && !slices.Contains(manyTimes, name) {
			return errTwice
		}
	}
	return nil
}

var (
	errTwice  = errors.New("oidc: a parameter is there twice")
	manyTimes = []string{"resource", "audience"} // RFC 8707 §2
)
