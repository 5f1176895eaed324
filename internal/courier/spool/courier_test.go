package spool_test

import (
	"testing"
	"time"

	"clave/internal/courier/couriertest"
	"clave/internal/courier/spool"
	"clave/internal/notify"
	"clave/internal/secret"
)

// A letter that is owed goes out through the courier, and what the printer says is what whoever asks is told.
func TestThroughTheCourier(t *testing.T) {
	folder := t.TempDir()
	c, err := spool.New(spool.Config{Folder: folder, Node: "a", Most: 1, Every: 10 * time.Millisecond, Look: time.Millisecond})
	must(t, err)
	s := couriertest.Run(t, notify.Letter, c)
	now := time.Now()
	m := notify.Message{ID: secret.ID(now), Kind: notify.Invitation, Lang: "es", Created: now, Until: now.Add(time.Hour), Values: map[string]string{
		"name": "Carmen Española", "address": "Calle Mayor, 1\n28013 Madrid", "csv": "KX7PQ2MN8RTW4ZJH", "reference": "REFERENC",
		"url": "https://clave.example.es", "expires": "2027-01-20"}}
	couriertest.Owe(t, s, m)
	couriertest.Await(t, "a batch", func() bool { return len(names(t, folder, "ready", "*", m.ID+"*")) == 1 })
	couriertest.Becomes(t, s, m.ID, notify.Accepted)
	printed(t, folder)
	couriertest.Becomes(t, s, m.ID, notify.Delivered)
	couriertest.Await(t, "the letter to be erased", func() bool { return len(names(t, folder, "*", "*", "*.pdf")) == 0 })
}
