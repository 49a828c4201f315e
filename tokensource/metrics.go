package tokensource

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/grpcaud/grpcaud/internal/boundedmap"
)

// maxAudiences is how many audiences have labels of their own; otherAudience is the label
// of the others. A program that serves many tenants may request tokens for any number of
// audiences.
const (
	maxAudiences  = 256
	otherAudience = "other"
)

// metrics counts the fetches of a cache; [MeterProvider] lists the instruments.
type metrics struct {
	fetches   metric.Int64Counter
	waits     metric.Float64Histogram
	audiences boundedmap.Map[string, bool] // with labels of their own
	observed  metric.Registration
}

func newMetrics(provider metric.MeterProvider, c *Cache) (*metrics, error) {
	meter := provider.Meter("github.com/grpcaud/grpcaud/tokensource")
	m := &metrics{}
	m.audiences.Bound = maxAudiences
	var errs [3]error
	m.fetches, errs[0] = meter.Int64Counter("grpcaud.client.fetches",
		metric.WithUnit("{fetch}"), metric.WithDescription("Requests for tokens, to where they come from."))
	m.waits, errs[1] = meter.Float64Histogram("grpcaud.client.waits",
		metric.WithUnit("s"), metric.WithDescription("How long calls waited for a token that was not cached."),
		metric.WithExplicitBucketBoundaries(0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30))
	errs[2] = m.observe(meter, c)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("tokensource: metrics: %w", err)
	}
	return m, nil
}

// observe registers the gauges, which are read at each collection.
func (m *metrics) observe(meter metric.Meter, c *Cache) error {
	entries, err := meter.Int64ObservableGauge("grpcaud.client.entries",
		metric.WithUnit("{token}"), metric.WithDescription("Cached tokens."))
	if err != nil {
		return err
	}
	life, err := meter.Float64ObservableGauge("grpcaud.client.life",
		metric.WithUnit("s"), metric.WithDescription("Remaining lifetime of the token in use that expires first; below zero, calls fail."))
	if err != nil {
		return err
	}
	m.observed, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for of, tokens := range m.lifetimes(c, time.Now()) {
			o.ObserveInt64(entries, int64(tokens.entries), audienceLabel(of))
			if tokens.inUse {
				o.ObserveFloat64(life, tokens.least.Seconds(), audienceLabel(of))
			}
		}
		return nil
	}, entries, life)
	return err
}

// lifetimes are the values of the gauges for the tokens of one audience.
type lifetimes struct {
	entries int
	least   time.Duration // of the tokens that were requested in the last minute
	inUse   bool          // whether there is such a token
}

// lifetimes counts the entries of c by the label of their audience, with the remaining
// lifetime of the token that expires first.
func (m *metrics) lifetimes(c *Cache, now time.Time) map[string]lifetimes {
	all := map[string]lifetimes{}
	c.entries.Range(func(_, v any) bool {
		stats := v.(*entry).stats()
		label := m.audience(stats.Audience)
		of := all[label]
		of.entries++
		if left := stats.Expiry.Sub(now); !stats.Expiry.IsZero() && now.Sub(stats.Used) <= time.Minute && (!of.inUse || left < of.least) {
			of.least, of.inUse = left, true
		}
		all[label] = of
		return true
	})
	return all
}

func audienceLabel(name string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("audience", name))
}

// audience returns the label of an audience.
func (m *metrics) audience(name string) string {
	if _, ok := m.audiences.LoadOrAdd(name, func() bool { return true }); ok {
		return name
	}
	return otherAudience
}

func (m *metrics) refreshed(ctx context.Context, audience string, how outcome, renewal bool) {
	if m.fetches.Enabled(ctx) {
		m.fetches.Add(ctx, 1, audienceLabel(m.audience(audience)), metric.WithAttributes(attribute.String("outcome", string(how)), attribute.Bool("renewal", renewal)))
	}
}

func (m *metrics) waited(audience string, d time.Duration) {
	if ctx := context.Background(); m.waits.Enabled(ctx) {
		m.waits.Record(ctx, d.Seconds(), audienceLabel(m.audience(audience)))
	}
}

// close stops the collection of the gauges.
func (m *metrics) close() { _ = m.observed.Unregister() }
