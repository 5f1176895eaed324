package config

import (
	"context"
	"log/slog"
	"time"

	"clave/internal/census"
	"clave/internal/node"
	"clave/internal/notify"
	"clave/internal/person"
	"clave/internal/store"
	"clave/internal/telemetry"
)

// Build says how the node is built that the file describes. The clock is the machine's: nothing moves it.
func (c *Config) Build(carriers Carriers, tracing *telemetry.Tracing, fatal func(error)) node.Config {
	var requests *slog.Logger
	if c.Telemetry.Requests {
		requests = slog.Default()
	}
	return node.Config{
		Kind: c.Kind, Database: c.Database.Address.Reveal(), Ring: c.Ring, Origin: c.Origin,
		Census:   func(s *store.Store) person.Census { return census.Table{Store: s} },
		Carriers: carriers.Channels, Policy: c.Policy, PINStyle: c.PIN.Style,
		PIN: c.Limits.PIN, Letters: c.Limits.Letters, Sessions: c.Limits.Sessions, Confirm: c.Limits.Confirm,
		Waiting:  map[notify.Channel]int{notify.SMS: c.Limits.Waiting.SMS, notify.Email: c.Limits.Waiting.Email},
		Capacity: c.Capacity, Help: c.Help, Organization: c.Organization, Connections: c.Database.Connections, Single: c.Database.SingleNode,
		Name: c.Node, Tracing: tracing, Requests: requests, Profiling: c.Telemetry.Profiling,
		Now: time.Now, Fatal: fatal,
	}
}

// traces says where traces go.
func (t Telemetry) traces(node string) telemetry.Traces {
	headers := map[string]string{}
	if !t.Authorization.IsZero() {
		headers["Authorization"] = t.Authorization.Reveal()
	}
	return telemetry.Traces{Endpoint: t.Traces, Headers: headers, Sample: t.Sample, Parents: t.Parents, Node: node}
}

// Tracing begins to trace, if the file says so.
func (c *Config) Tracing(ctx context.Context) (*telemetry.Tracing, error) {
	return telemetry.OpenTracing(ctx, c.Telemetry.traces(c.Node))
}
