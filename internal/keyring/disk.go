package keyring

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// ErrReadable means that others than the owner may read the file.
var ErrReadable = errors.New("keyring: others may read the file")

const (
	ownerOnly = 0o600
	others    = 0o077
	maxFile   = 1 << 20 // bytes
)

// source is where a ring was read, and which file that was.
type source struct {
	path string
	info os.FileInfo
}

// Create draws a new ring and writes it to path, readable by its owner only. It never replaces a file (fs.ErrExist): what was sealed with
// the old keys would be lost. When it returns, the file survives a power cut.
func Create(path string, kind Kind, now time.Time) (*Ring, error) {
	r, err := draw(kind, now)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return r.create(path)
}

func (r *Ring) create(path string) (*Ring, error) {
	data, err := encode(r)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	if err := write(path, data); err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return Open(path)
}

func draw(kind Kind, now time.Time) (*Ring, error) {
	return drawIn(kind, now, nil)
}

// drawIn draws a ring whose keys are in a token, or in the file if that is nil.
func drawIn(kind Kind, now time.Time, token *hardware) (*Ring, error) {
	if kind != Demo && kind != Live {
		return nil, errors.New("a ring is demo or live")
	}
	r := &Ring{kind: kind}
	k := &keys{signers: map[string][]Signing{}, token: token}
	m, err := k.drawMaster(now.Add(-clockSkew))
	if err != nil {
		return nil, err
	}
	k.hashing, k.masters = m, []master{m}
	r.keys.Store(k)
	return r, r.complete(now)
}

// write leaves either the whole file on disk or none.
func write(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, ownerOnly)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the name last, not only the bytes.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Open reads a ring. It fails with [ErrReadable] when group or others may read the file, with [ErrFile] when it is damaged, and with the
// error of the system when it is not there.
//
// With keys in a token it logs in there, at most once with a PIN that is refused ([ErrPIN]), and not at all when the token says that it is locked or
// that one more wrong PIN locks it.
func Open(path string) (*Ring, error) { return openFile(path, file.ring) }

// OpenWary is [Open] for who only looks: it logs in to no token whose last PIN was wrong.
func OpenWary(path string) (*Ring, error) {
	return openFile(path, func(f file) (*Ring, error) {
		f.wary = true
		return f.ring()
	})
}

// Look reads of a ring what the file alone tells, and says whether the keys are in a token, which is not asked.
func Look(path string) (kind Kind, hardware bool, err error) {
	r, err := openFile(path, func(f file) (*Ring, error) {
		if f.Token == nil {
			return f.ring()
		}
		r := &Ring{kind: f.Kind}
		r.keys.Store(&keys{token: f.Token})
		return r, nil
	})
	if err != nil {
		return "", false, err
	}
	return r.kind, r.keys.Load().token != nil, nil
}

func openFile(path string, open func(file) (*Ring, error)) (*Ring, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	defer f.Close()
	return read(f, path, open)
}

func read(f *os.File, path string, open func(file) (*Ring, error)) (*Ring, error) {
	info, err := checkMode(f)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	said, err := decodeFile(data)
	var r *Ring
	if err == nil {
		r, err = open(said)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.file = source{path, info}
	return r, nil
}

// checkMode looks at the open file, not at its name, which could be changed between the two.
func checkMode(f *os.File) (os.FileInfo, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("keyring: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: %w: not a regular file", f.Name(), ErrFile)
	case info.Mode().Perm()&others != 0:
		return nil, fmt.Errorf("%s: %w (mode %04o); run: chmod 600 %[1]s", f.Name(), ErrReadable, info.Mode().Perm())
	}
	return info, nil
}
