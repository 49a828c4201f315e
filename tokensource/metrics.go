package tokensource

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// metrics counts the fetches of a cache; [MeterProvider] lists the instruments.
// Counting takes no lock and allocates nothing: all attributes are made at the start.
type metrics struct {
	fetches  metric.Int64Counter
	waits    metric.Float64Histogram
	labels   map[fetchKey][]metric.AddOption
	observed metric.Registration
}

// fetchKey is a combination of attributes of a fetch.
type fetchKey struct {
	outcome outcome
	renewal bool // the token before was still usable
}

func newMetrics(provider metric.MeterProvider, c *Cache) (*metrics, error) {
	meter := provider.Meter("github.com/grpcaud/grpcaud/tokensource")
	m := &metrics{labels: map[fetchKey][]metric.AddOption{}}
	for how := range messages {
		for _, renewal := range []bool{false, true} {
			m.labels[fetchKey{how, renewal}] = []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(
				attribute.String("outcome", string(how)), attribute.Bool("renewal", renewal)))}
		}
	}
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
		n, least, inUse := c.lifetimes(time.Now())
		o.ObserveInt64(entries, int64(n))
		if inUse {
			o.ObserveFloat64(life, least.Seconds())
		}
		return nil
	}, entries, life)
	return err
}

// lifetimes counts the entries, and returns the remaining lifetime of the token that
// expires first among those requested in the last minute.
func (c *Cache) lifetimes(now time.Time) (entries int, least time.Duration, inUse bool) {
	c.entries.Range(func(_, v any) bool {
		entries++
		stats := v.(*entry).stats()
		if stats.Expiry.IsZero() || now.Sub(stats.Used) > time.Minute {
			return true
		}
		if left := stats.Expiry.Sub(now); !inUse || left < least {
			least, inUse = left, true
		}
		return true
	})
	return entries, least, inUse
}

func (m *metrics) refreshed(ctx context.Context, how outcome, renewal bool) {
	if m.fetches.Enabled(ctx) {
		m.fetches.Add(ctx, 1, m.labels[fetchKey{how, renewal}]...)
	}
}

func (m *metrics) waited(d time.Duration) {
	if ctx := context.Background(); m.waits.Enabled(ctx) {
		m.waits.Record(ctx, d.Seconds())
	}
}

// close stops the collection of the gauges.
func (m *metrics) close() { _ = m.observed.Unregister() }
