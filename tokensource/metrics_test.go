package tokensource_test

import (
	"errors"
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/grpcaud/grpcaud/tokensource"
)

// provider has meters that fail to create the instrument of that name.
type provider struct {
	noop.MeterProvider
	name string
}

func (p provider) Meter(string, ...metric.MeterOption) metric.Meter { return meter{name: p.name} }

type meter struct {
	noop.Meter
	name string
}

var errMeter = errors.New("no such instrument")

func (m meter) err(name string) error {
	if name == m.name {
		return errMeter
	}
	return nil
}

func (m meter) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return noop.Int64Counter{}, m.err(name)
}

func (m meter) Float64Histogram(name string, _ ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return noop.Float64Histogram{}, m.err(name)
}

func (m meter) Int64ObservableGauge(name string, _ ...metric.Int64ObservableGaugeOption) (metric.Int64ObservableGauge, error) {
	return noop.Int64ObservableGauge{}, m.err(name)
}

func (m meter) Float64ObservableGauge(name string, _ ...metric.Float64ObservableGaugeOption) (metric.Float64ObservableGauge, error) {
	return noop.Float64ObservableGauge{}, m.err(name)
}

func (m meter) RegisterCallback(metric.Callback, ...metric.Observable) (metric.Registration, error) {
	return noop.Registration{}, m.err("callback")
}

func TestFailingMeterProviderIsRefused(t *testing.T) {
	for name, want := range map[string]error{
		"grpcaud.client.fetches": errMeter, "grpcaud.client.waits": errMeter, "grpcaud.client.entries": errMeter,
		"grpcaud.client.life": errMeter, "callback": errMeter, "another": nil,
	} {
		s, err := tokensource.New(issuer, tokensource.ClientCredentials(client, secret), tokensource.MeterProvider(provider{name: name}))
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
		if err == nil {
			s.Close()
		}
	}
}
