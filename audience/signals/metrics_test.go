package signals_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/grpcaud/grpcaud/audience/signals"
)

// measured returns the counts of events by their type and outcome, and for how many seconds
// no poll was answered; -1 if nobody polls.
func measured(t *testing.T, reader sdk.Reader) (events map[string]int64, age float64) {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	events, age = map[string]int64{}, -1
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					if issuer, _ := p.Attributes.Value("issuer"); issuer != attribute.StringValue(corp) {
						t.Errorf("issuer %v", issuer)
					}
					kind, _ := p.Attributes.Value("event")
					outcome, _ := p.Attributes.Value("outcome")
					events[kind.AsString()+" "+outcome.AsString()] = p.Value
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					age = p.Value
				}
			}
		}
	}
	return events, age
}

// TestEventsAreCounted shows that each event is counted once, by names that no stranger
// chooses.
func TestEventsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader := sdk.NewManualReader()
		o := newOffice(t, company(t), signals.MeterProvider(sdk.NewMeterProvider(sdk.WithReader(reader))))
		good := o.event(statement(nil))
		for _, token := range []string{
			good, good, o.event(changed("events", happened("urn:x"))), o.event(changed("aud", "other")), "x",
			o.event(changed("events", happened(ssf+"verification"))),
		} {
			o.send(t, token)
		}
		o.store.fail(errors.New("away"))
		o.send(t, o.event(changed("events", happened(caep+"credential-change"))))
		got, age := measured(t, reader)
		want := map[string]int64{
			"session-revoked revoked": 1, "session-revoked repeated": 1, "other ignored": 1, "session-revoked refused": 1, "unknown refused": 1,
			"verification ignored": 1, "credential-change deferred": 1,
		}
		if diff := cmp.Diff(want, got); diff != "" || age != -1 {
			t.Errorf("events (-want +got), age %v:\n%s", age, diff)
		}
	})
}

// TestAgeOfPolls shows for how long no poll was answered.
func TestAgeOfPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader := sdk.NewManualReader()
		p := newPolled(t, signals.MeterProvider(sdk.NewMeterProvider(sdk.WithReader(reader))))
		after(time.Minute)
		if _, age := measured(t, reader); age < 0 || age > 2 {
			t.Errorf("age %v, want at most the time between polls", age)
		}
		p.stream.reply(func(asked) *http.Response { return response(http.StatusServiceUnavailable, "") })
		after(10 * time.Minute)
		if _, age := measured(t, reader); age < 599 {
			t.Errorf("age %v after 10 minutes without an answer", age)
		}
	})
}
