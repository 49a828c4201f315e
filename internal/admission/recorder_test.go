package admission

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/testutil"
)

// recording returns what records one decision of c, about a genuine token.
func recording(t testing.TB, c *Controller, token string, err error) func(context.Context) {
	t.Helper()
	claims, failed := c.verifier.Verify(t.Context(), token)
	if failed != nil {
		t.Fatal(failed)
	}
	request, guard := &Request{Method: getOrder, Peer: private}, c.guard.Load()
	rule := guard.Rule(getOrder)
	evidence := &Evidence{controller: c, ctx: t.Context(), presented: &presented{request: request}}
	return func(ctx context.Context) {
		c.recorder.record(ctx, &event{evidence: evidence, request: request, guard: guard, rule: rule, claims: claims, err: err, began: time.Now()})
	}
}

func newMeter(t testing.TB) metric.Meter {
	t.Helper()
	provider := sdk.NewMeterProvider(sdk.WithReader(sdk.NewManualReader()))
	t.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	return provider.Meter("")
}

// TestRecordAllocatesNothingWithoutLog shows that a decision costs no memory if
// nobody logs it, with metrics and without.
func TestRecordAllocatesNothingWithoutLog(t *testing.T) {
	issuer := testutil.NewIssuer(corp)
	for name, change := range map[string]func(*Config){
		"no metrics": func(*Config) {},
		"metrics":    func(c *Config) { c.Meter = newMeter(t) },
	} {
		c := newController(t, issuer, change)
		for decision, err := range map[string]error{"admitted": nil, "refused": &audience.Refusal{Cause: audience.CauseExpired}} {
			record := recording(t, c, mint(issuer, nil), err)
			record(t.Context()) // makes the labels
			if n := testing.AllocsPerRun(100, func() { record(t.Context()) }); n != 0 {
				t.Errorf("%s, %s: %v allocations, want none", name, decision, n)
			}
		}
	}
}

// BenchmarkRecord is what the record of a decision costs, without the decision.
func BenchmarkRecord(b *testing.B) {
	issuer := testutil.NewIssuer(corp)
	at := func(level slog.Level) func(*Config) {
		return func(c *Config) {
			c.Log = slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: level}))
		}
	}
	counting := func(c *Config) { c.Meter = newMeter(b) }
	for name, changes := range map[string][]func(*Config){
		"nothing": {at(slog.LevelInfo)},
		"metrics": {at(slog.LevelInfo), counting},
		"log":     {at(slog.LevelDebug)},
	} {
		c := newController(b, issuer, changes...)
		for decision, err := range map[string]error{"admitted": nil, "refused": &audience.Refusal{Cause: audience.CauseExpired}} {
			record := recording(b, c, mint(issuer, nil), err)
			b.Run(name+"/"+decision, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					record(b.Context())
				}
			})
		}
	}
}
