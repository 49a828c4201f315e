package signals

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// metrics are the instruments of a receiver.
type metrics struct {
	issuer       attribute.KeyValue
	events       metric.Int64Counter
	polled       *atomic.Pointer[time.Time] // when a poll was last answered, or began; nil if none is
	registration metric.Registration
}

func newMetrics(provider metric.MeterProvider, issuer string) (metrics, error) {
	meter := provider.Meter("github.com/grpcaud/grpcaud/audience/signals")
	m := metrics{issuer: attribute.String("issuer", issuer), polled: new(atomic.Pointer[time.Time])}
	var errs [3]error
	var age metric.Float64ObservableGauge
	m.events, errs[0] = meter.Int64Counter("grpcaud.signals.events", metric.WithDescription("Security events, by what became of them."))
	age, errs[1] = meter.Float64ObservableGauge("grpcaud.signals.age", metric.WithUnit("s"), metric.WithDescription("How long no poll for security events was answered."))
	polled, of := m.polled, m.issuer
	m.registration, errs[2] = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		if at := polled.Load(); at != nil {
			o.ObserveFloat64(age, time.Since(*at).Seconds(), metric.WithAttributes(of))
		}
		return nil
	}, age)
	if err := errors.Join(errs[:]...); err != nil {
		return m, fmt.Errorf("metrics: %w", err)
	}
	return m, nil
}

// count counts an event.
func (m metrics) count(ctx context.Context, kind string, became outcome) {
	m.events.Add(ctx, 1, metric.WithAttributes(m.issuer, attribute.String("event", kind), attribute.String("outcome", string(became))))
}

// answered notes that a poll was answered now, or that the first one begins.
func (m metrics) answered() { m.polled.Store(new(time.Now())) }

// stopped notes that nobody polls here.
func (m metrics) stopped() { m.polled.Store(nil) }

func (m metrics) close() error {
	if m.registration == nil {
		return nil
	}
	return m.registration.Unregister()
}
