package admission

import (
	"context"
	"errors"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
)

// recorder writes decisions to the log, the metrics, the span of the request, the report
// of what would be refused, and the records of decisions.
type recorder struct {
	log         decisionLog
	metrics     *metrics
	policy      policyMetrics
	wouldRefuse *refusalReport
	decisions   decisionRecords
}

// newRecorder returns the recorder of a controller. Close it.
func newRecorder(config Config, v *verifier.Verifier, guard func() *access.Guard) (*recorder, error) {
	leases := config.Leases
	if leases == nil {
		leases = func() int { return 0 }
	}
	m, err := newMetrics(config.Meter, statsSources{v.Stats, v.CacheStats, leases, guard})
	if err != nil {
		return nil, err
	}
	policy, err := newPolicyMetrics(config.Meter)
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	r := &recorder{log: decisionLog{to: config.Log, sampleAdmitted: config.SampleAdmitted}, metrics: m, policy: policy, wouldRefuse: newRefusalReport(), decisions: decisionRecords{config.Decisions, config.Users}}
	r.log.lines.window, r.log.lines.writeCount = config.RefusalWindow, r.log.writeCount
	return r, nil
}

// close writes the lines that count repeated refusals, and stops the reading of the
// verifier's stats.
func (r *recorder) close() error {
	r.log.lines.close()
	return r.metrics.close()
}

// record records a decision: once for each request, including requests of public
// methods, and once more for a stream that is refused while it runs.
func (r *recorder) record(ctx context.Context, v *event) {
	if v.err != nil {
		v.certificate = v.request.Peer.certificateName(v.evidence.ctx)
	}
	r.metrics.record(ctx, v)
	r.log.record(ctx, v)
	r.wouldRefuse.record(v)
	r.decisions.record(ctx, v)
	annotateSpan(ctx, v)
}
