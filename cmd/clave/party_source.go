package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"clave/internal/federation/saml"
	"clave/internal/relying"
)

// read takes a service from whichever file says what it has.
func (c *partyAdd) read() (relying.Party, error) {
	given := 0
	for _, is := range []bool{c.Certificate != nil, c.Metadata != "", c.JSON != ""} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return relying.Party{}, errors.New("say what the service has, by one of -certificate FILE, -metadata FILE and -json FILE")
	case c.Metadata != "":
		return fromMetadata(c.Metadata)
	case c.JSON != "":
		text, err := readFile(c.JSON)
		if err != nil {
			return relying.Party{}, err
		}
		return relying.ParseJSON(text)
	}
	s := &relying.SAML{}
	for _, name := range c.Certificate {
		one, err := readCertificate(name)
		if err != nil {
			return relying.Party{}, err
		}
		s.Certificates = append(s.Certificates, one)
	}
	return relying.Party{SAML: s}, nil
}

// fromMetadata leaves out names in languages that Clave does not speak.
func fromMetadata(name string) (relying.Party, error) {
	text, err := readFile(name)
	if err != nil {
		return relying.Party{}, err
	}
	s, names, err := saml.ReadMetadata(text, time.Now())
	if err != nil {
		return relying.Party{}, fmt.Errorf("%s: %w", name, err)
	}
	maps.DeleteFunc(names, func(lang, _ string) bool { return !slices.Contains(relying.Langs, lang) })
	return relying.Party{Names: names, SAML: &s}, nil
}

// readCertificate reads the one of a file.
func readCertificate(name string) (*x509.Certificate, error) {
	text, err := readFile(name)
	if err != nil {
		return nil, err
	}
	one, err := relying.ReadCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return one, nil
}

// maxFile is the size of the largest file read, in bytes; what is too large for its kind is told by who reads it.
const maxFile = 1 << 20

// readFile reads a file, or standard input by the name of a dash.
func readFile(name string) ([]byte, error) {
	file := os.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		file = f
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s: larger than 1 MiB", name)
	}
	return text, err
}
