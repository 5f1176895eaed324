package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"clave/internal/courier"
	"clave/internal/notify"
	"clave/internal/secret"
)

// Report implements courier.Reporter: receipts are taken until ctx ends.
func (c *Carrier) Report(ctx context.Context, note func(ctx context.Context, list []courier.Receipt) error) {
	n := noter(note)
	c.note.Store(&n)
	<-ctx.Done()
	c.note.Store(nil)
}

// The bounds of what is taken at once.
const (
	longestReceipts = 256 << 10 // bytes
	mostReceipts    = 1000
	longestRef      = 150
)

// ServeHTTP takes receipts. A 204 means that they are durably noted; with any other answer the gateway sends them again.
func (c *Carrier) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST", http.StatusMethodNotAllowed)
		return
	}
	if !c.shows(r) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "another token", http.StatusUnauthorized)
		return
	}
	list, err := c.read(http.MaxBytesReader(w, r.Body, longestReceipts))
	if err != nil {
		http.Error(w, "not receipts", http.StatusBadRequest)
		return
	}
	note := c.note.Load()
	if note == nil {
		http.Error(w, "later", http.StatusServiceUnavailable)
		return
	}
	if len(list) > 0 {
		if err := (*note)(r.Context(), list); err != nil {
			slog.WarnContext(r.Context(), "gateway: receipts not noted", "carrier", c.Name, "receipts", len(list), "err", err)
			http.Error(w, "later", http.StatusServiceUnavailable)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// shows compares hashes of what was shown and what must be: in constant time, whatever their lengths.
func (c *Carrier) shows(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	hash := func(s string) secret.Hash { return secret.HMAC(c.key, "receipts", s) }
	return ok && c.Receipts != "" && hash(token).Equal(hash(c.Receipts))
}

var errReceipts = errors.New("gateway: not receipts")

// read reads receipts. Only what this carrier itself called a message counts: by our id it could name what another carrier was handed. What tells of no end, or of no message that we could have, is passed over: it would come for ever.
func (c *Carrier) read(body io.Reader) ([]courier.Receipt, error) {
	var said struct {
		Receipts []struct {
			Ref   string `json:"ref"`
			State string `json:"state"`
		} `json:"receipts"`
	}
	if err := json.NewDecoder(body).Decode(&said); err != nil {
		return nil, err
	}
	if said.Receipts == nil || len(said.Receipts) > mostReceipts {
		return nil, errReceipts
	}
	var list []courier.Receipt
	for _, one := range said.Receipts {
		state := notify.State(one.State)
		ref := c.Name + ":" + one.Ref
		if one.Ref == "" || len(ref) > longestRef || state != notify.Delivered && state != notify.Refused {
			continue
		}
		list = append(list, courier.Receipt{Ref: ref, State: state})
	}
	return list, nil
}
