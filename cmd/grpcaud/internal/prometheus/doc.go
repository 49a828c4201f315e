// Package prometheus answers with the metrics of a process, in the text format that
// Prometheus reads (version 0.0.4).
package prometheus
