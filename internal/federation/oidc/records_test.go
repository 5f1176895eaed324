package oidc_test

import (
	"context"
	"encoding/json"
	"time"

	"clave/internal/federation/oidc"
)

// The records of the provider are in real time; these put a test forward without waiting.

func (w *world) asked(asked string) (oidc.Record, map[string]any) {
	w.t.Helper()
	r, found, err := w.db.Record(w.t.Context(), "asked", oidc.KeyOf("asked", asked))
	if err != nil || !found {
		w.t.Fatal(found, err)
	}
	body := map[string]any{}
	if err := json.Unmarshal(r.Body, &body); err != nil {
		w.t.Fatal(err)
	}
	return r, body
}

// interval is how long a service must wait between two questions.
func (w *world) interval(asked string) time.Duration {
	_, body := w.asked(asked)
	return time.Duration(body["i"].(float64)) * time.Millisecond
}

// later lets the interval of a service pass.
func (w *world) later(asked string) {
	w.t.Helper()
	r, body := w.asked(asked)
	body["n"] = 0
	r.Body, _ = json.Marshal(body)
	w.save(r)
}

// due makes every ping due.
func (w *world) due() {
	w.t.Helper()
	err := w.db.Do(w.t.Context(), func(ctx context.Context) error {
		list, err := w.db.DueRecords(ctx, "ping", time.Now().Add(time.Hour), 100)
		for _, r := range list {
			r.Due = time.Now()
			if err == nil {
				err = w.db.SaveRecord(ctx, r)
			}
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// older makes a record older than it is: its seconds of Unix time under a name are put back.
func (w *world) older(kind oidc.Kind, key, name string) {
	w.t.Helper()
	r, found, err := w.db.Record(w.t.Context(), kind, key)
	if err != nil || !found {
		w.t.Fatal(found, err)
	}
	body := map[string]any{}
	if err := json.Unmarshal(r.Body, &body); err != nil || body[name] == nil {
		w.t.Fatal(err, body)
	}
	body[name] = time.Now().Unix()
	r.Body, _ = json.Marshal(body)
	w.save(r)
}

func (w *world) save(r oidc.Record) {
	w.t.Helper()
	if err := w.db.Do(w.t.Context(), func(ctx context.Context) error { return w.db.SaveRecord(ctx, r) }); err != nil {
		w.t.Fatal(err)
	}
}
