package node

import (
	"context"
	"log/slog"
	"time"

	"clave/internal/keyring"
	"clave/internal/nif"
	"clave/internal/person"
	"clave/internal/telemetry"
)

// watchedCensus measures the register of people.
type watchedCensus struct {
	person.Census
	seen *telemetry.Metrics
}

// Match implements person.Census.
func (w watchedCensus) Match(ctx context.Context, n nif.NIF, d nif.Datum) (person.Answer, error) {
	ctx, span := telemetry.Span(ctx, "census")
	defer span.End()
	began := time.Now()
	answer, err := w.Census.Match(ctx, n, d)
	w.seen.Census(err == nil, began)
	return answer, err
}

// lookFor is how long a scrape may ask the database, and lookEvery how old what it then knows may become: however many
// scrape, the database is asked little.
const (
	lookFor   = 2 * time.Second
	lookEvery = 15 * time.Second
)

// watch shows what is only known by asking: keys and what the database holds.
func (n *Node) watch() {
	for _, name := range keyring.Names() {
		n.seen.Gauge("clave_certificate_end_seconds", "When the certificate of the key that signs now ends, in Unix time.",
			map[string]string{"name": name}, func() float64 { return n.ends(name) })
	}
	n.seen.Register(telemetry.Looked(lookEvery, n.look, n.now))
}

func (n *Node) ends(name string) float64 {
	s, err := n.ring.Signing(name, n.now())
	if err != nil || s.Certificate == nil {
		return 0
	}
	return float64(s.Certificate.NotAfter.Unix())
}

func (n *Node) look(now time.Time) ([]telemetry.Number, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lookFor)
	defer cancel()
	c, err := n.Store.Holds(ctx, now)
	if err != nil {
		slog.WarnContext(ctx, "the database did not tell what it holds", "err", err)
		return nil, err
	}
	list := []telemetry.Number{
		{Name: "clave_sessions", Value: float64(c.Sessions)},
		{Name: "clave_challenges_open", Value: float64(c.Challenges)},
	}
	for _, s := range n.courier.Stats() {
		list = append(list,
			telemetry.Number{Name: "clave_messages_waiting", Label: string(s.Channel), Value: float64(s.Waiting)},
			telemetry.Number{Name: "clave_message_oldest_seconds", Label: string(s.Channel), Value: s.Oldest.Seconds()},
			telemetry.Number{Name: "clave_messages_expired_total", Label: string(s.Channel), Value: float64(s.Expired)})
	}
	return list, nil
}

// Metrics are the names of all that /metrics may show.
func (n *Node) Metrics() map[string]bool { return n.seen.Names() }
