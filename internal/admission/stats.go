package admission

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
)

// statsSources are read each time metrics are collected.
type statsSources struct {
	keys   func() []verifier.Stats
	cache  func() verifier.CacheStats
	leases func() int
	guard  func() *access.Guard
}

// observe makes meter read the stats until the result is unregistered.
func (s statsSources) observe(meter metric.Meter) (metric.Registration, error) {
	i, err := newInstruments(meter)
	if err != nil {
		return nil, err
	}
	return meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		cache := s.cache()
		o.ObserveInt64(i.leases, int64(s.leases()))
		o.ObserveInt64(i.hits, int64(cache.Hits))
		o.ObserveInt64(i.misses, int64(cache.Misses))
		for _, keys := range s.keys() {
			issuer := metric.WithAttributes(attribute.String("issuer", keys.Issuer))
			o.ObserveFloat64(i.age, keys.Age.Seconds(), issuer)
			o.ObserveInt64(i.fetches, int64(keys.Fetches), issuer)
			o.ObserveInt64(i.failures, int64(keys.Failures), issuer)
			o.ObserveInt64(i.skipped, int64(len(keys.Skipped)), issuer)
			o.ObserveInt64(i.stale, int64(keys.Stale), issuer)
		}
		i.observePolicy(o, s.guard(), time.Now())
		return nil
	}, i.generation, i.rollout, i.leases, i.hits, i.misses, i.age, i.fetches, i.failures, i.skipped, i.stale)
}

// instruments are the instruments of the stats.
type instruments struct {
	leases, hits, misses, fetches, failures, skipped, stale metric.Int64Observable
	generation                                              metric.Int64Observable
	age, rollout                                            metric.Float64Observable
}

func newInstruments(meter metric.Meter) (*instruments, error) {
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
	i := &instruments{
		generation: gauge("policy.generation", "1 for the content of the policy in force."),
		leases:     gauge("leases", "Streams that run under a lease."),
		hits:       counter("cache.hits", "Tokens that the cache knew."),
		misses:     counter("cache.misses", "Tokens that had to be verified."),
		fetches:    counter("keys.fetches", "Requests to the issuer."),
		failures:   counter("keys.failures", "Requests to the issuer that failed."),
		skipped:    gauge("keys.skipped", "Keys of the issuer that cannot be used."),
		stale:      counter("introspection.stale", "Answers about tokens that were given after their time, since the issuer could not be asked."),
	}
	seconds := func(name, about string) metric.Float64Observable {
		i, err := meter.Float64ObservableGauge("grpcaud.server."+name, metric.WithUnit("s"), metric.WithDescription(about))
		errs = append(errs, err)
		return i
	}
	i.age = seconds("keys.age", "How long ago the keys were fetched.")
	i.rollout = seconds("rollout.end", "How long until the next rollout ends.")
	return i, errors.Join(errs...)
}
