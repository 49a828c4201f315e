package httpguard_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/grpcaud/grpcaud/interceptor"
)

// TestMetricsNameOperations shows that decisions are counted by the name of the operation,
// that what a stranger writes into a path is no label, and that no lease is left.
func TestMetricsNameOperations(t *testing.T) {
	reader := sdk.NewManualReader()
	w := newWorld(t, setup{server: []interceptor.ServerOption{interceptor.MeterProvider(sdk.NewMeterProvider(sdk.WithReader(reader)))}})
	c := w.client(t, "HTTP/2.0")
	ask(t, c, "GET", getting, "Authorization", "Bearer "+w.issuer.Mint(good(nil)))
	ask(t, c, "GET", getting)
	ask(t, c, "GET", "/v1/unknown/7")
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, point := range data.DataPoints {
					service, _ := point.Attributes.Value("rpc.service")
					method, _ := point.Attributes.Value("rpc.method")
					decision, _ := point.Attributes.Value("decision")
					if m.Name == "grpcaud.server.decisions" {
						got[service.AsString()+"/"+method.AsString()+" "+decision.AsString()] += point.Value
					}
				}
			case metricdata.Gauge[int64]:
				if m.Name == "grpcaud.server.leases" && data.DataPoints[0].Value != 0 {
					t.Errorf("%d leases", data.DataPoints[0].Value)
				}
			}
		}
	}
	want := map[string]int64{"order-status/GetOrderStatus admitted": 1, "order-status/GetOrderStatus refused": 1, "other/other refused": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}
