package web

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"clave/internal/crowd"
)

const (
	sendWithin = 10 * time.Second // a form has to be here in that time
	formCosts  = 3                // times its size: as it came, sealed, and in base64 in the waiting page
)

// read takes a post's body whole, before the request takes a place: whoever sends slowly keeps nobody waiting. Room for it is
// taken as it arrives: what is announced and not sent costs nobody anything.
func (d *atDoor) read() (ok bool) {
	if d.r.Method != http.MethodPost {
		return true
	}
	control := http.NewResponseController(d.w)
	if d.r.ContentLength > d.longest() {
		_ = control.SetReadDeadline(time.Now()) // or the answer would wait for what is not to be sent
		d.tooLong()
		return false
	}
	_ = control.SetReadDeadline(time.Now().Add(sendWithin)) // a recorder of a test has none
	body, err := d.takeIn(d.r.Body)
	if err == nil {
		_ = control.SetReadDeadline(time.Time{})
	}
	switch {
	case errors.Is(err, crowd.ErrFull), errors.Is(err, os.ErrDeadlineExceeded):
		slog.WarnContext(d.r.Context(), "form not taken", "late", !errors.Is(err, crowd.ErrFull))
		d.hold.Release()
		d.unkept()
		return false
	case err != nil:
		d.r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err})) // the page says what is wrong with it
	default:
		d.body, d.r.Body = body, io.NopCloser(bytes.NewReader(body))
	}
	return true
}

// longest is how many bytes may be posted to an address.
func (d *atDoor) longest() int64 {
	if d.r.URL.Path == waitingPath {
		return maxWaiting
	}
	return maxBody
}

// takeIn reads while there is room. Errors: crowd.ErrFull, and those of reading.
func (d *atDoor) takeIn(from io.Reader) (body []byte, err error) {
	var chunk [4 << 10]byte
	for {
		n, err := from.Read(chunk[:])
		if n > 0 && !d.hold.Take(int64(n)*formCosts) {
			return nil, crowd.ErrFull
		}
		body = append(body, chunk[:n]...)
		if errors.Is(err, io.EOF) {
			return body, nil
		}
		if err != nil {
			return body, err
		}
	}
}

func (d *atDoor) tooLong() {
	if ofServices(d.r.URL.Path) {
		http.Error(d.w, "413", http.StatusRequestEntityTooLarge)
		return
	}
	d.problem(d.w, d.r, problem{status: http.StatusRequestEntityTooLarge, key: "request"})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
