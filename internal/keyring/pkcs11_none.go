//go:build !pkcs11

package keyring

func (h hardware) open() (vault, error) { return nil, ErrNoHardware }
