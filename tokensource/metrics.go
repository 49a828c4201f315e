package tokensource

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// metrics counts what a source does; [MeterProvider] lists the instruments.
// Counting takes no lock and allocates nothing: all labels are made beforehand.
type metrics struct {
	fetches  metric.Int64Counter
	waits    metric.Float64Histogram
	labels   map[fetchKey][]metric.AddOption
	observed metric.Registration
}

// fetchKey is what distinguishes fetches.
type fetchKey struct {
	outcome outcome
	renewal bool // of a token that was still good
}

func newMetrics(provider metric.MeterProvider, s *Cache) (*metrics, error) {
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
		metric.WithUnit("{fetch}"), metric.WithDescription("Tokens asked for where they come from."))
	m.waits, errs[1] = meter.Float64Histogram("grpcaud.client.waits",
		metric.WithUnit("s"), metric.WithDescription("How long calls waited for a token that was not at hand."),
		metric.WithExplicitBucketBoundaries(0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30))
	errs[2] = m.observe(meter, s)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("tokensource: metrics: %w", err)
	}
	return m, nil
}

// observe has the gauges read when somebody collects them.
func (m *metrics) observe(meter metric.Meter, s *Cache) error {
	entries, err := meter.Int64ObservableGauge("grpcaud.client.entries",
		metric.WithUnit("{token}"), metric.WithDescription("Tokens that are kept."))
	if err != nil {
		return err
	}
	life, err := meter.Float64ObservableGauge("grpcaud.client.life",
		metric.WithUnit("s"), metric.WithDescription("What is left of the life of the token in use that ends first; below zero, calls fail."))
	if err != nil {
		return err
	}
	m.observed, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		n, least, inUse := s.figures(time.Now())
		o.ObserveInt64(entries, int64(n))
		if inUse {
			o.ObserveFloat64(life, least.Seconds())
		}
		return nil
	}, entries, life)
	return err
}

// figures counts the entries, and returns what is left of the life of the token
// that ends first, of those that somebody has asked for in the last minute.
func (s *Cache) figures(now time.Time) (entries int, least time.Duration, inUse bool) {
	s.entries.Range(func(_, v any) bool {
		entries++
		row := v.(*entry).row()
		if row.Expiry.IsZero() || now.Sub(row.Used) > time.Minute {
			return true
		}
		if left := row.Expiry.Sub(now); !inUse || left < least {
			least, inUse = left, true
		}
		return true
	})
	return entries, least, inUse
}

func (m *metrics) fetched(ctx context.Context, how outcome, renewal bool) {
	if m.fetches.Enabled(ctx) {
		m.fetches.Add(ctx, 1, m.labels[fetchKey{how, renewal}]...)
	}
}

func (m *metrics) waited(d time.Duration) {
	if ctx := context.Background(); m.waits.Enabled(ctx) {
		m.waits.Record(ctx, d.Seconds())
	}
}

// close stops the reading of the gauges.
func (m *metrics) close() { _ = m.observed.Unregister() }
