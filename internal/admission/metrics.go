package admission

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
	"github.com/grpcaud/grpcaud/internal/boundedmap"
)

const (
	maxMethods = 512     // with labels of their own
	maxClients = 256     // with labels of their own
	otherLabel = "other" // for all further ones
)

// metrics counts decisions. Counting takes no lock, and allocates nothing for labels
// that were counted before.
type metrics struct {
	decisions metric.Int64Counter
	duration  metric.Float64Histogram
	methods   boundedmap.Map[string, *methodLabels]
	others    *methodLabels
	clients   boundedmap.Map[string, bool] // with labels of their own
	observed  metric.Registration
}

// methodLabels has the labels of the decisions about one method.
type methodLabels struct {
	service, method string
	sets            boundedmap.Map[labelKey, *labelSet]
}

// labelKey distinguishes the decisions about one method.
type labelKey struct {
	outcome Outcome
	reason  string
	mode    access.Mode
	client  string
}

// labelSet is a set of labels in the form in which it is counted.
type labelSet struct {
	counted []metric.AddOption
	timed   []metric.RecordOption
}

func newMetrics(meter metric.Meter, s statsSources) (*metrics, error) {
	m := &metrics{others: newMethodLabels(otherLabel, otherLabel)}
	m.methods.Bound, m.clients.Bound = maxMethods, maxClients
	var errs [3]error
	m.decisions, errs[0] = meter.Int64Counter("grpcaud.server.decisions",
		metric.WithUnit("{decision}"), metric.WithDescription("Decisions about calls and running streams."))
	m.duration, errs[1] = meter.Float64Histogram("grpcaud.server.duration",
		metric.WithUnit("s"), metric.WithDescription("How long judging a call took."),
		metric.WithExplicitBucketBoundaries(1e-6, 5e-6, 2e-5, 1e-4, 5e-4, 2e-3, 1e-2, 0.1, 1, 10))
	m.observed, errs[2] = s.observe(meter)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return m, nil
}

// close stops the reading of stats.
func (m *metrics) close() error { return m.observed.Unregister() }

func (m *metrics) record(ctx context.Context, v *event) {
	if !m.decisions.Enabled(ctx) && !m.duration.Enabled(ctx) {
		return // the metrics are not read
	}
	labels := m.labels(v).set(labelKey{v.outcome(), v.reason(), v.mode, m.client(v)})
	m.decisions.Add(ctx, 1, labels.counted...)
	if !v.running {
		m.duration.Record(ctx, time.Since(v.began).Seconds(), labels.timed...)
	}
}

// client returns the label of the client. Their number is bounded, since a series of
// policies may have ever new names.
func (m *metrics) client(v *event) string {
	name := v.clientLabel()
	if name == "" {
		return ""
	}
	if _, ok := m.clients.LoadOrAdd(name, func() bool { return true }); ok {
		return name
	}
	return otherLabel
}

// labels returns the labels of the method of a decision. The peer can choose any name
// for a method without a rule, and for a method that is covered by a rule for all
// methods of a service.
func (m *metrics) labels(v *event) *methodLabels {
	if !v.named() {
		return m.others
	}
	if labels, ok := m.methods.Load()[v.request.Method]; ok {
		return labels
	}
	key := strings.Clone(v.request.Method)
	labels, ok := m.methods.LoadOrAdd(key, func() *methodLabels {
		service, method, _ := strings.Cut(strings.TrimPrefix(key, "/"), "/")
		return newMethodLabels(service, method)
	})
	if !ok {
		return m.others
	}
	return labels
}

func newMethodLabels(service, method string) *methodLabels {
	l := &methodLabels{service: service, method: method}
	l.sets.Bound = math.MaxInt // keys differ by closed lists and by the bounded clients
	return l
}

func (l *methodLabels) set(key labelKey) *labelSet {
	if set, ok := l.sets.Load()[key]; ok {
		return set
	}
	set, _ := l.sets.LoadOrAdd(key, func() *labelSet { return l.newSet(key) })
	return set
}

func (l *methodLabels) newSet(key labelKey) *labelSet {
	labels := []attribute.KeyValue{
		attribute.String("rpc.service", l.service), attribute.String("rpc.method", l.method), attribute.String("decision", string(key.outcome)),
	}
	timed := attribute.NewSet(labels...)
	counted := attribute.NewSet(append(labels, attribute.String("reason", key.reason), attribute.String("mode", key.mode.String()), attribute.String("client", key.client))...)
	return &labelSet{
		counted: []metric.AddOption{metric.WithAttributeSet(counted)},
		timed:   []metric.RecordOption{metric.WithAttributeSet(timed)},
	}
}
