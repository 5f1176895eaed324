package demo

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"

	"clave/internal/assurance"
	"clave/internal/authn/pin"
	"clave/internal/census"
	"clave/internal/courier"
	"clave/internal/enrolment"
	"clave/internal/keyring"
	"clave/internal/node"
	"clave/internal/notify"
	"clave/internal/person"
	"clave/internal/store"
	"clave/internal/web"
)

var errNodes = errors.New("demo: several nodes need PostgreSQL")

// startNodes builds the servers, each with a key ring and connections of its own, as on machines of their own.
func (d *Demo) startNodes(ctx context.Context, o Options) error {
	if o.Nodes > 1 && !strings.HasPrefix(o.Database, "postgres") {
		return errNodes
	}
	for range max(1, o.Nodes) {
		ring, err := openRing(d.path("keys.json"), d.Clock.Now())
		if err != nil {
			return err
		}
		n, err := d.node(ctx, o, ring)
		if err != nil {
			return err
		}
		d.nodes = append(d.nodes, n)
	}
	d.Node = d.nodes[0]
	return nil
}

// inTurn has each request answered by the next node: nothing may depend on meeting the same one again.
func inTurn(nodes []*node.Node) http.Handler {
	if len(nodes) == 1 {
		return nodes[0].Handler()
	}
	var asked atomic.Uint64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nodes[asked.Add(1)%uint64(len(nodes))].Handler().ServeHTTP(w, r)
	})
}

func (d *Demo) node(ctx context.Context, o Options, ring *keyring.Ring) (*node.Node, error) {
	database := o.Database
	if database == "" {
		database = d.path("clave.db")
	}
	style := o.PINStyle
	if style == "" {
		style = pin.SixDigits
	}
	return node.Build(ctx, node.Config{
		Name: "demo", Tracing: d.tracing, Requests: o.Requests,
		Kind: keyring.Demo, Database: database, Migrate: true, Single: true, Ring: ring, Origin: d.Clave,
		Census: func(s *store.Store) person.Census { return census.Table{Store: s} }, // whoever is imported can register too
		Carriers: map[notify.Channel]courier.Carrier{
			notify.SMS: d.Inbox, notify.Email: d.Inbox, notify.Letter: d.Inbox,
		},
		Policy: assurance.Policy{NationalPractice: true}, PINStyle: style,
		PIN: pin.DefaultLimits(), Letters: enrolment.DefaultLimits(),
		Help: web.Help{Phone: "060", Address: "ayuda@clave.example", Mailbox: "ayuda@clave.example"},
		Now:  d.Clock.Now, Capacity: o.Capacity, Fatal: func(err error) { d.failed <- err },
	})
}
