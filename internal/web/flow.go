package web

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"clave/internal/keyring"
	"clave/internal/login"
)

// A flow is what a browser carries from page to page of one login or one registration: sealed in a cookie of its own, with
// the flow's id in every address and form. Nothing is kept on a node, and nothing is written before the person acts.
//
// The cookie is bound to its kind, id and expiry by the seal, so that one flow's cookie opens no other.
const (
	flowUse  keyring.Use = "flow"
	flowLife             = 30 * time.Minute
	maxFlows             = 6    // at once in a browser; an older one gives way
	maxFlow              = 3000 // bytes of one cookie
	maxAll               = 7000 // bytes of all of them, which proxies must pass
)

// The kinds of flow.
const (
	loginFlow    = "login"
	registerFlow = "register"
	logoutFlow   = "logout"
	accountFlow  = "account"
	deedFlow     = "deed"
)

var flowKinds = []string{loginFlow, registerFlow, logoutFlow, accountFlow, deedFlow}

// life is how long a flow can be opened. A login's time is over after half of it; the rest is only for telling the service
// so.
func life(kind string) time.Duration {
	if kind == loginFlow {
		return 2 * login.Lifetime
	}
	return flowLife
}

// Errors of a flow. errNoFlow is also what somebody gets who follows a link into another browser's login.
var (
	errNoFlow  = errors.New("web: the browser has no such flow")
	errBigFlow = errors.New("web: the flow does not fit its cookie")
)

// What is sealed begins with until when it can be opened: seconds of Unix time. The state follows, in JSON.
const untilSize = 8 // bytes

// openFlow reads a flow of this browser into state.
func (s *Server) openFlow(r *http.Request, kind, id string, state any) error {
	c, err := r.Cookie(s.cookieName(kind + "-" + id))
	if err != nil {
		return errNoFlow
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(c.Value)
	if err != nil {
		return errNoFlow
	}
	plain, err := s.Ring.Unseal(flowUse, kind+" "+id, sealed)
	if err != nil || len(plain) < untilSize || s.Now().Unix() >= int64(binary.BigEndian.Uint64(plain)) {
		return errNoFlow
	}
	return json.Unmarshal(plain[untilSize:], state)
}

// saveFlow puts a flow's state into the browser. It is to be called before the answer's first byte.
func (s *Server) saveFlow(w http.ResponseWriter, r *http.Request, kind, id string, began time.Time, state any) error {
	value, err := s.sealFlow(kind, id, began, state)
	if err != nil {
		return err
	}
	name := s.cookieName(kind + "-" + id)
	s.makeRoom(w, r, name, len(value))
	s.setCookie(w, name, value, 0)
	return nil
}

// sealFlow is the value of a flow's cookie. Errors: errBigFlow.
func (s *Server) sealFlow(kind, id string, began time.Time, state any) (string, error) {
	raw, err := json.Marshal(state)
	if err != nil {
		return "", fmt.Errorf("save flow: %w", err)
	}
	plain := append(binary.BigEndian.AppendUint64(nil, uint64(began.Add(life(kind)).Unix())), raw...)
	value := base64.RawURLEncoding.EncodeToString(s.Ring.Seal(s.Now(), flowUse, kind+" "+id, plain))
	if len(value) > maxFlow {
		return "", errBigFlow
	}
	return value, nil
}

// endFlow takes a flow from the browser.
func (s *Server) endFlow(w http.ResponseWriter, kind, id string) {
	s.setCookie(w, s.cookieName(kind+"-"+id), "", -1)
}

// makeRoom drops the oldest flows until a new one fits. Ids begin with their time, so the smallest is the oldest.
func (s *Server) makeRoom(w http.ResponseWriter, r *http.Request, name string, size int) {
	var others []*http.Cookie
	for _, c := range r.Cookies() {
		if c.Name != name && s.isFlow(c.Name) {
			others = append(others, c)
			size += len(c.Value)
		}
	}
	slices.SortFunc(others, func(a, b *http.Cookie) int { return strings.Compare(flowID(a), flowID(b)) })
	for len(others) > 0 && (len(others) >= maxFlows || size > maxAll) {
		size -= len(others[0].Value)
		s.setCookie(w, others[0].Name, "", -1)
		others = others[1:]
	}
}

func (s *Server) isFlow(name string) bool {
	return slices.ContainsFunc(flowKinds, func(kind string) bool { return strings.HasPrefix(name, s.cookieName(kind+"-")) })
}

func flowID(c *http.Cookie) string { return c.Name[strings.LastIndex(c.Name, "-")+1:] }

// cookieName gives our cookies the prefix that no subdomain and no plain-http page can set.
func (s *Server) cookieName(name string) string {
	if s.secure() {
		return "__Host-" + name
	}
	return name
}

// setCookie sets a cookie of ours; a maxAge of zero lasts until the browser closes, a negative one deletes it.
func (s *Server) setCookie(w http.ResponseWriter, name, value string, maxAge time.Duration) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", Secure: s.secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode}
	switch {
	case maxAge < 0:
		c.MaxAge = -1
	case maxAge > 0:
		c.MaxAge = int(maxAge.Seconds())
	}
	http.SetCookie(w, c)
}
