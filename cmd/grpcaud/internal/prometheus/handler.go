package prometheus

import (
	"bytes"
	"net/http"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// Path is where the metrics are, by the convention of Prometheus.
const Path = "/metrics"

// Handler returns a handler that answers at [Path] with what reader collects. It is safe
// for concurrent use.
func Handler(reader *metric.ManualReader) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, func(w http.ResponseWriter, r *http.Request) {
		var all metricdata.ResourceMetrics
		if err := reader.Collect(r.Context(), &all); err != nil {
			http.Error(w, "the metrics cannot be collected now", http.StatusServiceUnavailable)
			return
		}
		var text bytes.Buffer
		write(&text, all)
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(text.Bytes()) // fails only if the peer has left
	})
	return mux
}
