package spool

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

const manifestFile = "manifest.csv"

// columns are what a manifest says of each letter. Nothing of it tells who the letter is for.
var columns = []string{"id", "file", "pages", "sha256"}

// writeManifest lists the letters of a batch, in the order of their ids, durably.
func (c *Carrier) writeManifest(folder string, b batch) (err error) {
	f, err := os.CreateTemp(folder, manifestFile+".")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	err = c.list(f, folder, b)
	if err = errors.Join(err, f.Chmod(c.fileMode()), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), filepath.Join(folder, manifestFile)); err != nil {
		return err
	}
	return c.tidy(folder, b)
}

// tidy leaves in a batch what its manifest lists, and nothing that a crash left, durably.
func (c *Carrier) tidy(folder string, b batch) error {
	files, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, f := range files {
		id, _, _ := readName(f.Name())
		if f.Name() != manifestFile && b.files[id] != f.Name() {
			err = errors.Join(err, os.Remove(filepath.Join(folder, f.Name())))
		}
	}
	return errors.Join(err, syncFolder(folder))
}

func (c *Carrier) list(w io.Writer, folder string, b batch) error {
	table := csv.NewWriter(w)
	table.Write(columns)
	for _, id := range slices.Sorted(maps.Keys(b.files)) {
		name := b.files[id]
		_, pages, _ := readName(name)
		sum, err := sumOf(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		table.Write([]string{id, name, strconv.Itoa(pages), sum})
	}
	table.Flush()
	return table.Error()
}

func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// readManifest lists the ids of a closed batch.
func readManifest(folder string) (ids []string, err error) {
	f, err := os.Open(filepath.Join(folder, manifestFile))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseManifest(f)
}

func parseManifest(r io.Reader) (ids []string, err error) {
	table := csv.NewReader(r)
	table.FieldsPerRecord, table.ReuseRecord = len(columns), true
	for line := 0; ; line++ {
		row, err := table.Read()
		switch {
		case err == io.EOF && line > 0:
			return ids, nil
		case err != nil:
			return nil, fmt.Errorf("spool: manifest: %w", err)
		case line == 0 && !slices.Equal(row, columns):
			return nil, errors.New("spool: manifest: it has other columns")
		case line == 0:
			continue
		}
		id, _, ok := readName(row[1])
		if !ok || id != row[0] {
			return nil, fmt.Errorf("spool: manifest: line %d is no letter", line+1)
		}
		ids = append(ids, id)
	}
}
