package sede

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// look asks the gateway what became of a question, unless it was asked a moment ago (CIBA §7.3, §11).
func (o *office) look(ctx context.Context, c *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := o.now()
	if c.state != "waiting" || now.Before(c.next) {
		return nil
	}
	c.next = now.Add(c.interval)
	g, err := o.discover(ctx)
	if err != nil {
		return err
	}
	var answer json.RawMessage
	err = o.post(ctx, g.oauth.Endpoint.TokenURL, map[string]string{
		"grant_type": "urn:openid:params:grant-type:ciba", "auth_req_id": c.request,
	}, &answer)
	var said oauthError
	if errors.As(err, &said) {
		return c.not(said)
	}
	if err != nil {
		return err // the next look may reach it
	}
	return o.confirmed(ctx, g, c, answer)
}

// not notes that there is no confirmation yet, or will never be.
func (c *call) not(said oauthError) error {
	switch said.Code {
	case "authorization_pending":
	case "slow_down":
		c.interval += 5 * time.Second
		c.next = c.next.Add(5 * time.Second)
	case "access_denied":
		c.state = "denied"
	case "expired_token":
		c.state = "expired"
	default:
		c.state = "refused"
		return said
	}
	return nil
}

// confirmed believes a confirmation only from the citizen who was asked.
func (o *office) confirmed(ctx context.Context, g *gateway, c *call, answer json.RawMessage) error {
	c.state = "refused" // unless everything fits
	var token oauth2.Token
	var extra map[string]any
	if err := errors.Join(json.Unmarshal(answer, &token), json.Unmarshal(answer, &extra)); err != nil {
		return err
	}
	who, err := o.identify(o.reach(ctx), g, token.WithExtra(extra), expected{Level: "low"})
	if err != nil {
		return err
	}
	if who.Who.NIF != c.NIF {
		return errors.New("somebody else confirmed")
	}
	c.state, c.who = "confirmed", who
	return nil
}

// oauthError is how the gateway refuses (RFC 6749 §5.2).
type oauthError struct {
	Code string `json:"error"`
	Text string `json:"error_description"`
	wait time.Duration
}

// Error implements error.
func (e oauthError) Error() string { return fmt.Sprintf("the gateway said %q: %s", e.Code, e.Text) }

const maxAnswer = 64 << 10 // bytes

// post posts a form to the gateway, with the proof of who we are. Errors: oauthError, when the gateway refuses.
func (o *office) post(ctx context.Context, address string, fields map[string]string, answer any) error {
	form := url.Values{"client_id": {o.cfg.ClientID}}
	for name, value := range fields {
		form.Set(name, value)
	}
	assertion, err := o.cfg.assertion()
	if err != nil {
		return err
	}
	for name, value := range assertion {
		form.Set(name, value)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client(o.cfg.Client).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	if response.StatusCode == http.StatusOK {
		return json.Unmarshal(body, answer)
	}
	var said oauthError
	if json.Unmarshal(body, &said) != nil || said.Code == "" {
		return fmt.Errorf("the gateway answered %s", response.Status)
	}
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // absent: zero
	said.wait = time.Duration(seconds) * time.Second
	return said
}
