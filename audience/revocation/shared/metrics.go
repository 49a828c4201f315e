package shared

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// observe makes the instruments, which ask the list whenever they are read.
func (l *List) observe(provider metric.MeterProvider) (metric.Registration, error) {
	meter := provider.Meter("github.com/grpcaud/grpcaud/audience/revocation/shared")
	var errs [4]error
	var entries, ready metric.Int64ObservableGauge
	var age metric.Float64ObservableGauge
	var registration metric.Registration
	entries, errs[0] = meter.Int64ObservableGauge("grpcaud.revocations.entries", metric.WithDescription("Entries of the list of revocations in memory."))
	ready, errs[1] = meter.Int64ObservableGauge("grpcaud.revocations.ready", metric.WithDescription("1 while it is known what was revoked."))
	age, errs[2] = meter.Float64ObservableGauge("grpcaud.revocations.age", metric.WithUnit("s"), metric.WithDescription("How long nothing was heard from the store."))
	list := metric.WithAttributes(attribute.String("list", l.settings.name))
	registration, errs[3] = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		known := int64(0)
		if l.Ready() == nil {
			known = 1
		}
		o.ObserveInt64(entries, int64(l.memory.Len()), list)
		o.ObserveInt64(ready, known, list)
		o.ObserveFloat64(age, l.Age().Seconds(), list)
		return nil
	}, entries, ready, age)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("shared: metrics: %w", err)
	}
	return registration, nil
}
