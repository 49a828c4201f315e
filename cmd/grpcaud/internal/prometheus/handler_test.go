package prometheus_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/prometheus"
)

// TestMetricsInTextForm shows each kind of instrument, with its unit and its labels.
func TestMetricsInTextForm(t *testing.T) {
	reader := sdk.NewManualReader()
	meter := sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("test")
	calls, _ := meter.Int64Counter("a.calls", metric.WithUnit("{call}"), metric.WithDescription("Calls,\nof \\ kinds."))
	calls.Add(t.Context(), 2, metric.WithAttributes(attribute.String("rpc.method", "Get"), attribute.String("client", "a\"b\\c\nd\xff")))
	spent, _ := meter.Float64Counter("f.spent", metric.WithUnit("s"))
	spent.Add(t.Context(), 0.25)
	open, _ := meter.Int64UpDownCounter("b.open")
	open.Add(t.Context(), 3)
	open.Add(t.Context(), -1)
	age, _ := meter.Float64ObservableGauge("c.age", metric.WithUnit("s"), metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
		o.Observe(1.5)
		return nil
	}))
	_ = age
	took, _ := meter.Float64Histogram("d.took", metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(0.5, 2))
	for _, v := range []float64{0.25, 1, 1, 8} {
		took.Record(t.Context(), v, metric.WithAttributes(attribute.String("decision", "admitted")))
	}

	want := `# HELP a_calls_total Calls,\nof \\ kinds.
# TYPE a_calls_total counter
a_calls_total{client="a\"b\\c\nd�",rpc_method="Get"} 2
# HELP b_open ` + `
# TYPE b_open gauge
b_open 2
# HELP c_age_seconds ` + `
# TYPE c_age_seconds gauge
c_age_seconds 1.5
# HELP d_took_seconds ` + `
# TYPE d_took_seconds histogram
d_took_seconds_bucket{decision="admitted",le="0.5"} 1
d_took_seconds_bucket{decision="admitted",le="2"} 3
d_took_seconds_bucket{decision="admitted",le="+Inf"} 4
d_took_seconds_sum{decision="admitted"} 10.25
d_took_seconds_count{decision="admitted"} 4
# HELP f_spent_seconds_total ` + `
# TYPE f_spent_seconds_total counter
f_spent_seconds_total 0.25
`
	answer := ask(t, reader, http.MethodGet, prometheus.Path)
	if got := answer.Body.String(); got != want {
		t.Errorf("the metrics differ (-want +got):\n%s", cmp.Diff(want, got))
	}
	if got := answer.Header().Get("Content-Type"); got != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("Content-Type is %q", got)
	}
}

// TestOneFamilyOfTwoMeters shows that two meters may have an instrument of one name.
func TestOneFamilyOfTwoMeters(t *testing.T) {
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	for _, name := range []string{"one", "two"} {
		gauge, _ := provider.Meter(name).Int64Gauge("insecure", metric.WithDescription("Options."))
		gauge.Record(t.Context(), 1, metric.WithAttributes(attribute.String("option", name)))
	}
	got := ask(t, reader, http.MethodGet, prometheus.Path).Body.String()
	one, two := `insecure{option="one"} 1`+"\n", `insecure{option="two"} 1`+"\n"
	head := "# HELP insecure Options.\n# TYPE insecure gauge\n"
	if got != head+one+two && got != head+two+one {
		t.Errorf("got %q", got)
	}
}

// TestOnlyTheMetrics shows what else is answered.
func TestOnlyTheMetrics(t *testing.T) {
	reader := sdk.NewManualReader()
	sdk.NewMeterProvider(sdk.WithReader(reader))
	for _, row := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/metrics", http.StatusOK},
		{http.MethodHead, "/metrics", http.StatusOK},
		{http.MethodPost, "/metrics", http.StatusMethodNotAllowed},
		{http.MethodGet, "/", http.StatusNotFound},
		{http.MethodGet, "/debug/pprof/", http.StatusNotFound},
	} {
		if got := ask(t, reader, row.method, row.path).Code; got != row.want {
			t.Errorf("%s %s: got %d, want %d", row.method, row.path, got, row.want)
		}
	}
}

// TestMetricsOfAProviderThatIsGone shows that there is an answer without metrics too.
func TestMetricsOfAProviderThatIsGone(t *testing.T) {
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, reader, http.MethodGet, prometheus.Path).Code; got != http.StatusServiceUnavailable {
		t.Errorf("got %d, want 503", got)
	}
}

func ask(t *testing.T, reader *sdk.ManualReader, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	prometheus.Handler(reader).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return w
}
