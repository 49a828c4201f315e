package admission

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/grpcaud/grpcaud/audience/access"
)

// plainIssuers shows in the metrics at which hosts issuers are asked over plain http.
// Only one goroutine may use it at a time.
type plainIssuers struct {
	gauge metric.Int64Gauge
	shown map[string]bool // the options that have the value 1
}

func newPlainIssuers(meter metric.Meter) (*plainIssuers, error) {
	gauge, err := meter.Int64Gauge("grpcaud.insecure", metric.WithDescription("Options that take a protection off."))
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return &plainIssuers{gauge, map[string]bool{}}, nil
}

// show records 1 for each host that these issuers name and for loopback, and 0 for those
// that only the previous ones had.
func (p *plainIssuers) show(issuers []access.Issuer) {
	now := map[string]bool{}
	for _, issuer := range issuers {
		if issuer.InsecureLoopback {
			now["insecure: loopback"] = true
		}
		for _, host := range issuer.InsecureHosts {
			now["insecure: {host: "+host+"}"] = true
		}
	}
	for option := range p.shown {
		if !now[option] {
			p.record(option, 0)
		}
	}
	for option := range now {
		p.record(option, 1)
	}
	p.shown = now
}

func (p *plainIssuers) record(option string, value int64) {
	p.gauge.Record(context.Background(), value, metric.WithAttributes(attribute.String("option", option)))
}
