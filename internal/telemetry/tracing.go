package telemetry

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"clave/internal/secret"
)

// Traces says where traces go.
type Traces struct {
	Endpoint string            // of an OTLP collector over HTTP, "http://127.0.0.1:4318"; empty: no traces
	Headers  map[string]string // that the collector wants: a token
	Sample   float64           // of logins, and of requests that belong to none: 0 to 1
	Parents  bool              // believe the traceparent of requests: only behind a proxy that strips what browsers send
	Node     string
}

// Tracing makes the spans of a node. All pages of one login are one trace, on whichever node: its id follows from the
// login's, and so does whether it is sampled.
type Tracing struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	sampler  sdk.Sampler
	parents  bool
}

// OpenTracing begins to trace; without an endpoint it returns nil, which traces nothing and costs nothing.
func OpenTracing(ctx context.Context, c Traces) (*Tracing, error) {
	if c.Endpoint == "" {
		return nil, nil
	}
	if u, err := url.Parse(c.Endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("telemetry: the endpoint of traces: want the address of a collector, for example http://127.0.0.1:4318")
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(c.Endpoint), otlptracehttp.WithHeaders(c.Headers))
	if err != nil {
		return nil, fmt.Errorf("telemetry: traces: %w", err)
	}
	t := &Tracing{sampler: sdk.TraceIDRatioBased(c.Sample), parents: c.Parents}
	about := resource.NewSchemaless(attribute.String("service.name", "clave"), attribute.String("service.instance.id", c.Node), attribute.String("service.version", version()))
	t.provider = sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about), sdk.WithSampler(sdk.ParentBased(t.sampler)), sdk.WithIDGenerator(ids{}))
	t.tracer = t.provider.Tracer("clave")
	return t, nil
}

// Close sends what is left.
func (t *Tracing) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Within lets work in the background, which belongs to no request, be traced.
func (t *Tracing) Within(ctx context.Context) context.Context {
	if t == nil {
		return ctx
	}
	return context.WithValue(ctx, backgroundKey{}, t)
}

type backgroundKey struct{}

// Root begins a trace of its own for work in the background, if its context is [Tracing.Within].
func Root(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	t, _ := ctx.Value(backgroundKey{}).(*Tracing)
	if t == nil {
		return ctx, trace.SpanFromContext(ctx)
	}
	return t.tracer.Start(ctx, name, trace.WithNewRoot(), trace.WithAttributes(attributes...))
}

// Span begins a part of what ctx is traced as. Where nothing is traced it does nothing: ctx is returned as it was.
func Span(ctx context.Context, name string) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, silent
	}
	return parent.TracerProvider().Tracer("clave").Start(ctx, name)
}

// silent ends without ending anybody else's span.
var silent = trace.SpanFromContext(context.Background())

// request begins the span of a request: in the trace of its login, or of whoever asks, or in one of its own.
func (t *Tracing) request(r *http.Request) (context.Context, trace.Span) {
	ctx := r.Context()
	if id := loginOf(r.URL.Path); id != "" {
		ctx = trace.ContextWithRemoteSpanContext(ctx, t.login(id))
	} else if t.parents {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	return t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
}

// login is the root of a login's trace. A hash: who reads traces cannot open the login.
func (t *Tracing) login(id string) trace.SpanContext {
	sum := sha256.Sum256([]byte("clave login trace " + id))
	c := trace.SpanContextConfig{TraceID: trace.TraceID(sum[:16]), SpanID: trace.SpanID(sum[16:24]), Remote: true}
	if t.sampler.ShouldSample(sdk.SamplingParameters{ParentContext: context.Background(), TraceID: c.TraceID}).Decision == sdk.RecordAndSample {
		c.TraceFlags = trace.FlagsSampled
	}
	return trace.NewSpanContext(c)
}

// begins tells the root of a login's trace when a service's request, which has a trace of its own, led to that login.
func (t *Tracing) begins(r *http.Request, request trace.Span, location string) {
	id := ""
	if u, err := url.Parse(location); err == nil && location != "" {
		id = loginOf(u.Path)
	}
	if id == "" || loginOf(r.URL.Path) != "" {
		return
	}
	root := t.login(id)
	if !root.IsSampled() {
		return
	}
	ctx := context.WithValue(r.Context(), rootKey{}, root)
	_, span := t.tracer.Start(ctx, "login", trace.WithNewRoot(), trace.WithLinks(trace.Link{SpanContext: request.SpanContext()}))
	span.End()
	request.AddLink(trace.Link{SpanContext: root})
}

type rootKey struct{}

// ids draws the ids of spans, but for the root of a login.
type ids struct{}

// NewIDs implements sdk.IDGenerator.
func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if root, ok := ctx.Value(rootKey{}).(trace.SpanContext); ok {
		return root.TraceID(), root.SpanID()
	}
	drawn := secret.Bytes(24)
	return trace.TraceID(drawn[:16]), trace.SpanID(drawn[16:])
}

// NewSpanID implements sdk.IDGenerator.
func (ids) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	return trace.SpanID(secret.Bytes(8))
}
