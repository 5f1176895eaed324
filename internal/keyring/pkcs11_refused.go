//go:build pkcs11

package keyring

import (
	"errors"
	"fmt"
	"slices"

	"github.com/miekg/pkcs11"
)

// refusals are the answers to a login that the same PIN will get again.
var refusals = []uint{pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE, pkcs11.CKR_PIN_EXPIRED, pkcs11.CKR_PIN_LOCKED}

// refusal is which of them an error is, or zero.
func refusal(err error) uint {
	var e pkcs11.Error
	if errors.As(err, &e) && slices.Contains(refusals, uint(e)) {
		return uint(e)
	}
	return 0
}

// refuses says what a refusal means, and what to do. It never quotes the PIN.
func (h hardware) refuses(code uint) error {
	why := "CKR_PIN_INCORRECT: the PIN in %s is not that of token %s, and the try counts. Write the right one into the file, then start again"
	switch code {
	case pkcs11.CKR_PIN_LOCKED:
		why = "CKR_PIN_LOCKED: after too many wrong tries no PIN opens it (%s is of no use to token %s). Have its security officer set a new one with the maker's tools"
	case pkcs11.CKR_PIN_EXPIRED:
		why = "CKR_PIN_EXPIRED: the PIN in %s must be changed on token %s, with the maker's tools"
	}
	return fmt.Errorf("%w: "+why, ErrPIN, h.PINFile, h.Token)
}

// spares refuses to log in where a try can do harm: a token says itself, without a login, whether its last PIN was wrong, and whether it is locked
// or the next wrong one locks it. What a process remembers is gone when it is started anew; this is not.
func (t *token) spares() error {
	info, err := t.library.GetTokenInfo(t.slot)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrToken, err)
	}
	return t.where.spared(info.Flags, t.wary)
}

func (h hardware) spared(flags uint, wary bool) error {
	switch {
	case flags&pkcs11.CKF_USER_PIN_LOCKED != 0:
		return h.refuses(pkcs11.CKR_PIN_LOCKED)
	case flags&pkcs11.CKF_USER_PIN_FINAL_TRY != 0:
		return fmt.Errorf("%w: one more wrong PIN locks token %s, so the one in %s is not tried. See that it is right, and log in once with the maker's tools", ErrPIN, h.Token, h.PINFile)
	case wary && flags&pkcs11.CKF_USER_PIN_COUNT_LOW != 0:
		return fmt.Errorf("%w: the last PIN that token %s was given was wrong, and a try counts, so the one in %s is not tried here. See that it is right, then start the node", ErrPIN, h.Token, h.PINFile)
	}
	return nil
}
