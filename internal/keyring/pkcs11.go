//go:build pkcs11

package keyring

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/miekg/pkcs11"
)

// token is one token with sessions that are logged in.
type token struct {
	where    hardware
	sessions chan struct{} // as many as may be used at once

	mu      *sync.RWMutex // of the library: held for reading by whoever uses a session, for writing by whoever begins it again
	library *pkcs11.Ctx
	slot    uint
	age     int       // how often it was opened: handles of an earlier time are void
	failed  time.Time // the last time that it could not be opened
	why     error     // as of then
	wary    bool      // whoever only looks opens it
	refused [sha256.Size]byte

	idleMu sync.Mutex
	idle   []pkcs11.SessionHandle
}

const (
	maxSessions = 16
	patience    = time.Second // between two tries to open a token that does not answer
)

// tokens are those in use. A process loads the library of a token once, and never unloads it.
var tokens = struct {
	sync.Mutex
	known map[hardware]*token
	locks map[string]*sync.RWMutex // of each library
}{known: map[hardware]*token{}, locks: map[string]*sync.RWMutex{}}

func (h hardware) open(wary bool) (vault, error) {
	tokens.Lock()
	defer tokens.Unlock()
	t := tokens.known[h]
	if t == nil {
		var err error
		if t, err = h.load(); err != nil {
			return nil, err
		}
		tokens.known[h] = t // also if it does not open: it knows which PIN was refused
	}
	if t.opened() {
		return t, nil
	}
	t.wary = wary
	if err := t.reopen(0); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *token) opened() bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.age > 0
}

func (h hardware) load() (*token, error) {
	library := pkcs11.New(h.Module)
	if library == nil {
		return nil, fmt.Errorf("%w: %s is no PKCS #11 library", ErrToken, h.Module)
	}
	if tokens.locks[h.Module] == nil {
		tokens.locks[h.Module] = &sync.RWMutex{}
	}
	return &token{where: h, library: library, mu: tokens.locks[h.Module], sessions: make(chan struct{}, maxSessions)}, nil
}

// reopen opens the token anew, unless somebody else did since the age given.
func (t *token) reopen(age int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.age > age {
		return nil
	}
	if time.Since(t.failed) < patience {
		return fmt.Errorf("%w (%s, as of a moment ago)", t.why, t.where.Token)
	}
	err := t.begin()
	if err != nil {
		t.failed, t.why = time.Now(), err
		return err
	}
	t.age++
	return nil
}

// begin finds the token and opens a first session. The library is begun again, for some do not see a token that came later or was away.
// Other tokens of the same library lose their sessions by that, and find it out as they would any other loss.
func (t *token) begin() error {
	_ = t.library.Finalize() // most often it has not begun
	if err := t.library.Initialize(); err != nil {
		return fmt.Errorf("%w: %w", ErrToken, err)
	}
	if err := t.find(); err != nil {
		return err
	}
	session, err := t.session()
	if err != nil {
		return err
	}
	t.idle = []pkcs11.SessionHandle{session}
	return nil
}

// find looks for the slot where the token is.
func (t *token) find() error {
	slots, err := t.library.GetSlotList(true)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrToken, err)
	}
	for _, slot := range slots {
		if info, err := t.library.GetTokenInfo(slot); err == nil && info.Label == t.where.Token {
			t.slot = slot
			return nil
		}
	}
	return fmt.Errorf("%w: %s is in none of the slots of %s", ErrToken, t.where.Token, t.where.Module)
}

func (t *token) check() error {
	return t.use(func(s pkcs11.SessionHandle, _ int) error {
		if _, err := t.library.GetTokenInfo(t.slot); err != nil {
			return err
		}
		_, err := t.object(s, pkcs11.CKO_PRIVATE_KEY, wrappingID)
		return err
	})
}

// object finds one by its class and id.
func (t *token) object(s pkcs11.SessionHandle, class uint, id []byte) (pkcs11.ObjectHandle, error) {
	template := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, class), pkcs11.NewAttribute(pkcs11.CKA_ID, id)}
	if err := t.library.FindObjectsInit(s, template); err != nil {
		return 0, err
	}
	found, _, err := t.library.FindObjects(s, 1)
	if err = errors.Join(err, t.library.FindObjectsFinal(s)); err != nil {
		return 0, err
	}
	if len(found) == 0 {
		return 0, errNoKey
	}
	return found[0], nil
}
