package admission

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/grpcaud/grpcaud/audience/verifier"
)

// statsSources are read whenever metrics are collected.
type statsSources struct {
	keys   func() []verifier.Figures
	cache  func() verifier.CacheFigures
	leases func() int
}

// observe has meter read the stats until the registration is undone.
func (s statsSources) observe(meter metric.Meter) (metric.Registration, error) {
	var errs []error
	counter := func(name, about string) metric.Int64Observable {
		i, err := meter.Int64ObservableCounter("grpcaud.server."+name, metric.WithDescription(about))
		errs = append(errs, err)
		return i
	}
	gauge := func(name, about string) metric.Int64Observable {
		i, err := meter.Int64ObservableGauge("grpcaud.server."+name, metric.WithDescription(about))
		errs = append(errs, err)
		return i
	}
	var (
		leases   = gauge("leases", "Streams that run under a lease.")
		hits     = counter("cache.hits", "Tokens that the cache knew.")
		misses   = counter("cache.misses", "Tokens that had to be verified.")
		fetches  = counter("keys.fetches", "Requests to the issuer.")
		failures = counter("keys.failures", "Requests to the issuer that failed.")
		skipped  = gauge("keys.skipped", "Keys of the issuer that cannot be used.")
		stale    = counter("introspection.stale", "Answers about tokens that were given after their time, since the issuer could not be asked.")
	)
	age, err := meter.Float64ObservableGauge("grpcaud.server.keys.age", metric.WithUnit("s"), metric.WithDescription("How long ago the keys were fetched."))
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	return meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		cache := s.cache()
		o.ObserveInt64(leases, int64(s.leases()))
		o.ObserveInt64(hits, int64(cache.Hits))
		o.ObserveInt64(misses, int64(cache.Misses))
		for _, keys := range s.keys() {
			issuer := metric.WithAttributes(attribute.String("issuer", keys.Issuer))
			o.ObserveFloat64(age, keys.Age.Seconds(), issuer)
			o.ObserveInt64(fetches, int64(keys.Fetches), issuer)
			o.ObserveInt64(failures, int64(keys.Failures), issuer)
			o.ObserveInt64(skipped, int64(len(keys.Skipped)), issuer)
			o.ObserveInt64(stale, int64(keys.Stale), issuer)
		}
		return nil
	}, leases, hits, misses, age, fetches, failures, skipped, stale)
}
