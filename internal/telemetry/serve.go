package telemetry

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Watch is how the requests of a node are watched. The zero value counts, traces and logs nothing.
type Watch struct {
	Metrics *Metrics
	Tracing *Tracing
	Log     *slog.Logger // a line for each request; nil: none
}

// Handler watches a handler. Only the pattern of an address is told, which the handler's mux writes into the request: the
// address itself holds the ids of logins, which open something.
func (w Watch) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		began, seen := time.Now(), &answer{ResponseWriter: rw, status: http.StatusOK}
		var span trace.Span
		if w.Tracing != nil {
			var ctx context.Context
			ctx, span = w.Tracing.request(r)
			r = r.WithContext(ctx)
		}
		w.Metrics.opens(1)
		defer func() {
			w.Metrics.opens(-1)
			route := routeOf(r, seen)
			w.Metrics.request(route, seen.status, began)
			if span != nil {
				w.Tracing.answered(r, span, route, seen)
			}
			if w.Log != nil {
				w.log(r, route, seen, time.Since(began))
			}
		}()
		next.ServeHTTP(seen, r)
	})
}

// Routed tells the [Watch] outside of it which pattern of a mux answered, where something between the two, which lets people
// wait, hands the mux a request of its own.
func Routed(mux http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r)
		for {
			switch seen := w.(type) {
			case *answer:
				seen.route = r.Pattern
				return
			case interface{ Unwrap() http.ResponseWriter }:
				w = seen.Unwrap()
			default:
				return
			}
		}
	})
}

// routeOf is the pattern that answered.
func routeOf(r *http.Request, seen *answer) string {
	route := cmp.Or(seen.route, r.Pattern)
	if route == "" || route == "/" {
		return "none"
	}
	return route
}

// log writes the line of a request: no address of a page or of a visitor. The login's id opens nothing without its
// browser's cookie, and leads to the entries of the record.
func (w Watch) log(r *http.Request, route string, seen *answer, took time.Duration) {
	fields := []slog.Attr{slog.String("route", route), slog.Int("status", seen.status), slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int64("bytes", seen.bytes)}
	if id := loginOf(r.URL.Path); id != "" {
		fields = append(fields, slog.String("login", id))
	}
	w.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", fields...)
}

// loginOf is the id in the address of a page of a login, which has the shape of one; what a stranger writes there is not
// repeated.
func loginOf(path string) string {
	rest, ok := strings.CutPrefix(path, "/login/")
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(rest, "/")
	if len(id) != loginID || strings.Trim(id, "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz") != "" {
		return ""
	}
	return id
}

const loginID = 26 // characters that secret.ID writes

// answer notes what was answered.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int64
	begun  bool
	route  string // as Routed told it
}

// Unwrap lets http.ResponseController reach what is behind.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if !a.begun && status >= http.StatusOK {
		a.status, a.begun = status, true
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) {
	a.begun = true
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

func (m *Metrics) opens(n float64) {
	if m != nil {
		m.open.Add(n)
	}
}

func (m *Metrics) request(route string, status int, began time.Time) {
	if m != nil {
		m.requests.of(route, classes[min(status/100, 5)]).Inc()
		m.answered.of(route).Observe(seconds(began))
	}
}

var classes = [6]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}

func (t *Tracing) answered(r *http.Request, span trace.Span, route string, seen *answer) {
	span.SetName(route)
	span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", seen.status))
	if seen.status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	t.begins(r, span, seen.Header().Get("Location"))
	span.End()
}
