package spool

import (
	"errors"
	"io"
	"os"
	"regexp"
	"strconv"

	"filippo.io/age"

	"clave/internal/courier"
	"clave/internal/secret"
)

// draft writes a letter, sealed, where it is in no batch yet. When it cannot, nothing of it remains.
func (c *Carrier) draft(p courier.Parcel) (name string, err error) {
	f, err := os.CreateTemp(c.path(dirNew), c.config.Node+"_"+p.ID+"_")
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			os.Remove(f.Name())
		}
	}()
	if err := c.seal(f, p.PDF); err != nil {
		return "", err
	}
	return f.Name(), errors.Join(f.Chmod(c.fileMode()), f.Sync())
}

func (c *Carrier) seal(w io.Writer, pdf []byte) error {
	if !c.sealed() {
		_, err := w.Write(pdf)
		return err
	}
	sealing, err := age.Encrypt(w, c.recipients...)
	if err != nil {
		return err
	}
	if _, err := sealing.Write(pdf); err != nil {
		return err
	}
	return sealing.Close()
}

// letterName is the name of a letter's file: its message's id, its pages, and whether it is sealed.
func letterName(id string, pages int, sealed bool) string {
	name := id + "-" + strconv.Itoa(pages) + "p.pdf"
	if sealed {
		name += ".age"
	}
	return name
}

var letterFile = regexp.MustCompile(`^([0-9A-Z]{26})-([0-9]{1,4})p\.pdf(\.age)?$`)

// readName reads a letterName.
func readName(name string) (id string, pages int, ok bool) {
	found := letterFile.FindStringSubmatch(name)
	if found == nil || !secret.IsID(found[1]) {
		return "", 0, false
	}
	pages, _ = strconv.Atoi(found[2])
	return found[1], pages, true
}

var page = regexp.MustCompile(`/Type\s*/Page\b`)

// pages counts the sheets' sides of a PDF of ours, whose objects are not compressed.
func pages(pdf []byte) int { return min(len(page.FindAll(pdf, -1)), 9999) }
