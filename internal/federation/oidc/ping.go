package oidc

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"clave/internal/confirm"
)

// ping is what is to be told, and to whom.
type ping struct {
	Party   string `json:"p"`
	Confirm string `json:"c"`
	Request string `json:"r"` // auth_req_id
	Token   string `json:"t"` // the service's own, to know us by
	Tries   int    `json:"n"`
}

// How pings go out.
const (
	pingLook  = 3 * time.Second  // between two looks whether the person answered
	pingRetry = 20 * time.Second // doubled at each try
	maxPings  = 5
	batch     = 32
)

// Ping tells the services whose confirmations were answered, or whose time is over (CIBA §10.2). It says nothing of the
// answer, which they must fetch.
func (p *Provider) Ping(ctx context.Context) error {
	if p.Confirm == nil {
		return nil
	}
	var due []ping
	err := p.Store.Do(ctx, func(ctx context.Context) (err error) {
		due, err = p.claimPings(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return each(due, func(x ping) error { return p.sendPing(ctx, x) })
}

// claimPings takes those whose confirmation is answered, and puts the others off.
func (p *Provider) claimPings(ctx context.Context) (due []ping, err error) {
	at := wall()
	records, err := p.Store.DueRecords(ctx, pingKind, at, batch)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		var x ping
		if err := json.Unmarshal(r.Body, &x); err != nil {
			return nil, err
		}
		o, err := p.Confirm.Outcome(ctx, x.Confirm)
		if err != nil {
			return nil, err
		}
		if r.Due = at.Add(pingLook); o.State != confirm.Waiting {
			r.Due = at.Add(pingRetry << x.Tries)
			due = append(due, x)
			x.Tries++
		}
		if x.Tries > maxPings {
			r.Due = time.Time{}
		}
		if r.Body, err = json.Marshal(x); err != nil {
			return nil, err
		}
		if err := p.Store.SaveRecord(ctx, r); err != nil {
			return nil, err
		}
	}
	return due, nil
}

// sendPing posts one, and notes that it was taken.
func (p *Provider) sendPing(ctx context.Context, x ping) error {
	party, known, err := p.speaks(ctx, x.Party)
	if err != nil || !known {
		return err
	}
	body, err := json.Marshal(map[string]string{"auth_req_id": x.Request})
	if err != nil {
		return err
	}
	taken, err := p.postTo(ctx, party, party.OIDC.Notify, "application/json", "Bearer "+x.Token, bytes.NewReader(body))
	if err != nil || !taken {
		p.Log.Warn("service not told of an answer", "party", x.Party, "try", x.Tries, "err", err)
		return nil
	}
	return p.Store.Do(ctx, func(ctx context.Context) error {
		r, found, err := p.Store.Record(ctx, pingKind, keyOf(pingKind, x.Request))
		if err != nil || !found {
			return err
		}
		r.Due = time.Time{}
		return p.Store.SaveRecord(ctx, r)
	})
}
