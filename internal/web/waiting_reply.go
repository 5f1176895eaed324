package web

import (
	"bytes"
	"cmp"
	"net/http"
	"strconv"
	"time"
)

// reply holds what a request is answered until its place is another's: whoever reads slowly, or not at all, keeps only their own
// connection. What is longer than any page of ours gives its place back first, and goes out as it is written.
type reply struct {
	http.ResponseWriter
	leave  func() // gives the place back; twice does nothing
	status int
	body   bytes.Buffer
	direct bool
}

const (
	maxAnswer  = 1 << 20          // bytes that are held
	readWithin = 15 * time.Second // an answer has to be taken in that time
)

// Unwrap is for http.ResponseController.
func (a *reply) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader is http.ResponseWriter's.
func (a *reply) WriteHeader(status int) {
	switch {
	case a.direct:
		a.ResponseWriter.WriteHeader(status)
	case a.status == 0:
		a.status = status
	}
}

// Write is http.ResponseWriter's.
func (a *reply) Write(b []byte) (int, error) {
	if !a.direct && a.body.Len()+len(b) > maxAnswer {
		a.through()
	}
	if a.direct {
		return a.ResponseWriter.Write(b)
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.body.Write(b)
}

// through gives the place back, and holds nothing from here on.
func (a *reply) through() {
	if a.direct {
		return
	}
	a.leave()
	a.direct = true
	_ = http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now().Add(readWithin)) // a recorder of a test has none
	if a.status != 0 {
		a.ResponseWriter.WriteHeader(a.status)
	}
	if a.body.Len() > 0 {
		_, _ = a.ResponseWriter.Write(a.body.Bytes()) // the visitor may have gone
	}
	a.body = bytes.Buffer{}
}

// send ends the answer. The time limit ends with it: the next request on the connection has its own.
func (a *reply) send() {
	if !a.direct {
		a.status = cmp.Or(a.status, http.StatusOK)
		if a.status != http.StatusNoContent && a.status != http.StatusNotModified && a.Header().Get("Content-Length") == "" {
			a.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
		}
	}
	a.through()
	control := http.NewResponseController(a.ResponseWriter)
	if control.Flush() == nil {
		_ = control.SetWriteDeadline(time.Time{})
	}
}
