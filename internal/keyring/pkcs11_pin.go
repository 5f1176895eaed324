//go:build pkcs11

package keyring

import (
	"fmt"
	"os"
	"strings"
)

// pin reads the PIN. No error quotes it.
func (h hardware) pin() (string, error) {
	f, err := os.Open(h.PINFile)
	if err != nil {
		return "", fmt.Errorf("keyring: %w", err)
	}
	defer f.Close()
	if _, err := checkMode(f); err != nil {
		return "", err
	}
	pin := make([]byte, maxPIN+1)
	n, err := f.Read(pin)
	text := strings.TrimSpace(string(pin[:n]))
	if err != nil || text == "" || n > maxPIN {
		return "", fmt.Errorf("keyring: %s holds no PIN of at most %d bytes", h.PINFile, maxPIN)
	}
	return text, nil
}

const maxPIN = 256
