//go:build pkcs11

package keyring

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
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

func (h hardware) open() (vault, error) {
	tokens.Lock()
	defer tokens.Unlock()
	if t := tokens.known[h]; t != nil {
		return t, nil
	}
	library := pkcs11.New(h.Module)
	if library == nil {
		return nil, fmt.Errorf("%w: %s is no PKCS #11 library", ErrToken, h.Module)
	}
	if tokens.locks[h.Module] == nil {
		tokens.locks[h.Module] = &sync.RWMutex{}
	}
	t := &token{where: h, library: library, mu: tokens.locks[h.Module], sessions: make(chan struct{}, maxSessions)}
	if err := t.reopen(0); err != nil {
		return nil, err
	}
	tokens.known[h] = t
	return t, nil
}

// reopen opens the token anew, unless somebody else did since the age given.
func (t *token) reopen(age int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.age > age {
		return nil
	}
	if time.Since(t.failed) < patience {
		return fmt.Errorf("%w: %s, as of a moment ago", ErrToken, t.where.Token)
	}
	err := t.begin()
	if err != nil {
		t.failed = time.Now()
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

// session opens one and logs in. A PIN that was refused is not tried again until the file has another: a few wrong tries close a token.
func (t *token) session() (pkcs11.SessionHandle, error) {
	session, err := t.library.OpenSession(t.slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrToken, err)
	}
	pin, err := t.where.pin()
	if err == nil && sha256.Sum256([]byte(pin)) == t.refused {
		err = fmt.Errorf("%w: it refused the PIN in %s", ErrToken, t.where.PINFile)
	}
	if err == nil {
		err = t.library.Login(session, pkcs11.CKU_USER, pin)
		switch {
		case is(err, pkcs11.CKR_USER_ALREADY_LOGGED_IN): // a login is the whole token's
			err = nil
		case is(err, pkcs11.CKR_PIN_INCORRECT):
			t.refused = sha256.Sum256([]byte(pin))
			err = fmt.Errorf("%w: it refused the PIN in %s", ErrToken, t.where.PINFile)
		case err != nil:
			err = fmt.Errorf("%w: %w", ErrToken, err)
		}
	}
	if err != nil {
		return 0, errors.Join(err, t.library.CloseSession(session))
	}
	return session, nil
}

// use runs f with a session of its own. When the session has died, f runs again with another one, and then once more after the token was
// opened anew.
func (t *token) use(f func(s pkcs11.SessionHandle, age int) error) error {
	t.sessions <- struct{}{}
	defer func() { <-t.sessions }()
	age, err := t.try(f)
	if dead(err) {
		age, err = t.try(f)
	}
	if !dead(err) {
		return err
	}
	if again := t.reopen(age); again != nil {
		return again
	}
	if _, err = t.try(f); dead(err) {
		return fmt.Errorf("%w: %w", ErrToken, err)
	}
	return err
}

func (t *token) try(f func(pkcs11.SessionHandle, int) error) (age int, err error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	session, err := t.take()
	if err != nil {
		return t.age, err
	}
	if err = f(session, t.age); dead(err) {
		_ = t.library.CloseSession(session) // if there is still one
		return t.age, err
	}
	t.idleMu.Lock()
	defer t.idleMu.Unlock()
	t.idle = append(t.idle, session)
	return t.age, err
}

func (t *token) take() (pkcs11.SessionHandle, error) {
	t.idleMu.Lock()
	defer t.idleMu.Unlock()
	if n := len(t.idle); n > 0 {
		session := t.idle[n-1]
		t.idle = t.idle[:n-1]
		return session, nil
	}
	return t.session()
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

// errNoKey means that the token has no such key; it may have lost it, and whoever knows it better opens it anew.
var errNoKey = fmt.Errorf("%w as expected: it has no such key", ErrToken)

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

func is(err error, code uint) bool {
	var e pkcs11.Error
	return errors.As(err, &e) && uint(e) == code
}

// dead tells whether another session, or the token opened anew, may do better.
func dead(err error) bool {
	var e pkcs11.Error
	return errors.Is(err, errNoKey) || errors.As(err, &e) && slices.Contains(deadly, uint(e))
}

var deadly = []uint{
	pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_SESSION_CLOSED, pkcs11.CKR_USER_NOT_LOGGED_IN, pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED,
	pkcs11.CKR_DEVICE_ERROR, pkcs11.CKR_DEVICE_REMOVED, pkcs11.CKR_TOKEN_NOT_PRESENT, pkcs11.CKR_TOKEN_NOT_RECOGNIZED,
	pkcs11.CKR_SLOT_ID_INVALID, pkcs11.CKR_OBJECT_HANDLE_INVALID, pkcs11.CKR_KEY_HANDLE_INVALID, pkcs11.CKR_GENERAL_ERROR,
	pkcs11.CKR_FUNCTION_FAILED, pkcs11.CKR_OPERATION_ACTIVE,
}

// wrappingID names the key that master keys are encrypted to.
var wrappingID = []byte("clave masters")

func (t *token) wrapping() (*rsa.PublicKey, error) {
	var public crypto.PublicKey
	err := t.use(func(s pkcs11.SessionHandle, _ int) error {
		object, err := t.object(s, pkcs11.CKO_PUBLIC_KEY, wrappingID)
		if errors.Is(err, errNoKey) {
			object, err = t.generate(s, "saml", wrappingID, pkcs11.CKA_ENCRYPT, pkcs11.CKA_DECRYPT)
		}
		if err != nil {
			return err
		}
		public, err = t.rsaKey(s, object)
		return err
	})
	if err != nil {
		return nil, err
	}
	return public.(*rsa.PublicKey), nil
}

func (t *token) unwrap(wrapped []byte) (plain []byte, err error) {
	err = t.use(func(s pkcs11.SessionHandle, _ int) error {
		key, err := t.object(s, pkcs11.CKO_PRIVATE_KEY, wrappingID)
		if err != nil {
			return err
		}
		oaep := pkcs11.NewOAEPParams(pkcs11.CKM_SHA_1, pkcs11.CKG_MGF1_SHA1, pkcs11.CKZ_DATA_SPECIFIED, nil)
		if err := t.library.DecryptInit(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS_OAEP, oaep)}, key); err != nil {
			return err
		}
		plain, err = t.library.Decrypt(s, wrapped)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open a master key: %w", err)
	}
	return bytes.Clone(plain), nil
}
