package interceptor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/grpcaud/grpcaud/audience/access"
)

const (
	maxMethods = 512 // with labels of their own
	other      = "other"
)

// metrics counts decisions; [MeterProvider] lists the instruments. Counting
// takes no lock and allocates nothing: the labels of what was counted once are
// kept.
type metrics struct {
	decisions metric.Int64Counter
	duration  metric.Float64Histogram
	methods   table[string, *series]
	others    *series
	observed  metric.Registration
}

// series are the cells of one method.
type series struct {
	service, method string
	cells           table[cellKey, *cell]
}

// cellKey is what distinguishes the decisions about one method.
type cellKey struct {
	outcome outcome
	reason  string
	mode    access.Mode
}

// cell is a set of labels in the form that counting needs.
type cell struct {
	decided []metric.AddOption
	took    []metric.RecordOption
}

func newMetrics(provider metric.MeterProvider, f figures) (*metrics, error) {
	meter := provider.Meter("github.com/grpcaud/grpcaud/interceptor")
	m := &metrics{others: newSeries(other, other)}
	m.methods.bound = maxMethods
	var errs [3]error
	m.decisions, errs[0] = meter.Int64Counter("grpcaud.server.decisions",
		metric.WithUnit("{decision}"), metric.WithDescription("Decisions about calls and running streams."))
	m.duration, errs[1] = meter.Float64Histogram("grpcaud.server.duration",
		metric.WithUnit("s"), metric.WithDescription("How long judging a call took."),
		metric.WithExplicitBucketBoundaries(1e-6, 5e-6, 2e-5, 1e-4, 5e-4, 2e-3, 1e-2, 0.1, 1, 10))
	m.observed, errs[2] = f.observe(meter)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("interceptor: metrics: %w", err)
	}
	return m, nil
}

// close stops the reading of figures.
func (m *metrics) close() error { return m.observed.Unregister() }

func (m *metrics) record(ctx context.Context, d *decision) {
	if !m.decisions.Enabled(ctx) && !m.duration.Enabled(ctx) {
		return // nobody reads them
	}
	c := m.series(d).cell(cellKey{d.outcome(), d.reason(), d.mode})
	m.decisions.Add(ctx, 1, c.decided...)
	if !d.end {
		m.duration.Record(ctx, time.Since(d.began).Seconds(), c.took...)
	}
}

// series returns where a decision is counted. A name without a rule is a
// stranger's word, and so may be one that a rule for all methods of a service
// meets.
func (m *metrics) series(d *decision) *series {
	if d.rule == nil {
		return m.others
	}
	if s, ok := m.methods.load()[d.method]; ok {
		return s
	}
	key := strings.Clone(d.method)
	s, ok := m.methods.add(key, func() *series {
		service, method, _ := strings.Cut(strings.TrimPrefix(key, "/"), "/")
		return newSeries(service, method)
	})
	if !ok {
		return m.others
	}
	return s
}

func newSeries(service, method string) *series {
	s := &series{service: service, method: method}
	s.cells.bound = math.MaxInt // what distinguishes cells are closed lists
	return s
}

func (s *series) cell(key cellKey) *cell {
	if c, ok := s.cells.load()[key]; ok {
		return c
	}
	c, _ := s.cells.add(key, func() *cell { return s.newCell(key) })
	return c
}

func (s *series) newCell(key cellKey) *cell {
	labels := []attribute.KeyValue{
		attribute.String("rpc.service", s.service), attribute.String("rpc.method", s.method), attribute.String("decision", string(key.outcome)),
	}
	took := attribute.NewSet(labels...)
	decided := attribute.NewSet(append(labels, attribute.String("reason", key.reason), attribute.String("mode", key.mode.String()))...)
	return &cell{
		decided: []metric.AddOption{metric.WithAttributeSet(decided)},
		took:    []metric.RecordOption{metric.WithAttributeSet(took)},
	}
}
