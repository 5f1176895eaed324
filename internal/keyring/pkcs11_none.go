//go:build !pkcs11

package keyring

func (h hardware) open(bool) (vault, error) { return nil, ErrNoHardware }
