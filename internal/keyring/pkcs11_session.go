//go:build pkcs11

package keyring

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/miekg/pkcs11"
)

// session opens one and logs in. A PIN that was refused is not tried again until the file has another: a few wrong tries lock a token.
func (t *token) session() (pkcs11.SessionHandle, error) {
	session, err := t.library.OpenSession(t.slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrToken, err)
	}
	if info, err := t.library.GetSessionInfo(session); err == nil && info.State == pkcs11.CKS_RW_USER_FUNCTIONS {
		return session, nil // a login is the whole token's
	}
	pin, err := t.where.pin()
	if err == nil && sha256.Sum256([]byte(pin)) == t.refused {
		err = t.where.refuses(pkcs11.CKR_PIN_INCORRECT)
	}
	if err == nil {
		err = t.spares()
	}
	if err == nil {
		err = t.library.Login(session, pkcs11.CKU_USER, pin)
		switch {
		case is(err, pkcs11.CKR_USER_ALREADY_LOGGED_IN):
			err = nil
		case refusal(err) != 0:
			t.refused = sha256.Sum256([]byte(pin))
			err = t.where.refuses(refusal(err))
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

// errNoKey means that the token has no such key; it may have lost it, and whoever knows it better opens it anew.
var errNoKey = fmt.Errorf("%w as expected: it has no such key", ErrToken)

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
