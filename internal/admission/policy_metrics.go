package admission

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/grpcaud/grpcaud/audience/access"
)

// policyMetrics counts the changes of the policy.
type policyMetrics struct{ swaps, reloads metric.Int64Counter }

func newPolicyMetrics(meter metric.Meter) (policyMetrics, error) {
	var m policyMetrics
	var errs [2]error
	m.swaps, errs[0] = meter.Int64Counter("grpcaud.server.policy.swaps", metric.WithDescription("Policies that were to replace the one in force."))
	m.reloads, errs[1] = meter.Int64Counter("grpcaud.server.policy.reloads", metric.WithDescription("Changes of the policy's files."))
	if err := errors.Join(errs[:]...); err != nil {
		return m, fmt.Errorf("metrics: %w", err)
	}
	return m, nil
}

// count counts one change: as applied if err is nil, and otherwise as failed.
func (policyMetrics) count(counter metric.Int64Counter, err error) {
	outcome := "applied"
	if err != nil {
		outcome = "failed"
	}
	counter.Add(context.Background(), 1, metric.WithAttributes(attribute.String("outcome", outcome)))
}

// RecordReload counts a change of the policy's files, for the metrics; err is why it is
// not in force, nil if it is.
func (c *Controller) RecordReload(err error) { c.recorder.policy.count(c.recorder.policy.reloads, err) }

// observePolicy reports which policy is in force, and when its rollouts end.
func (i *instruments) observePolicy(o metric.Observer, guard *access.Guard, now time.Time) {
	if name := guard.Generation(); name != "" {
		o.ObserveInt64(i.generation, 1, metric.WithAttributes(attribute.String("generation", name)))
	}
	for service, rollouts := range guard.Rollouts() {
		for mode, left := range rolloutEnds(rollouts, now) {
			o.ObserveFloat64(i.rollout, left.Seconds(), metric.WithAttributes(attribute.String("service", service), attribute.String("mode", mode.String())))
		}
	}
}

// rolloutEnds returns for each mode the time until its next rollout ends; 0 if all
// have ended.
func rolloutEnds(rollouts []access.Rollout, now time.Time) map[access.Mode]time.Duration {
	ends := map[access.Mode]time.Duration{}
	for _, r := range rollouts {
		left, next := r.Until.Sub(now.Round(0)), ends[r.Mode]
		if left > 0 && (next == 0 || left < next) {
			next = left
		}
		ends[r.Mode] = next
	}
	return ends
}
