package interceptor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/boundedmap"
)

const (
	maxRefusalSeries = 1024    // series of calls that were refused or not sent
	otherLabel       = "other" // for all that have no label of their own
	otherMethod      = "other/other"
)

// clientRefusals reports the calls of a client that were refused, and those that were
// not sent, to its log and its metrics. It is safe for concurrent use.
type clientRefusals struct {
	log     *admission.DownstreamLog
	counter metric.Int64Counter
	labels  boundedmap.Map[refusalKey, metric.MeasurementOption]
	others  metric.MeasurementOption
}

// refusalKey is what distinguishes the series of refusals.
type refusalKey struct{ service, method, reason string }

func newClientRefusals(client string, log *slog.Logger, meters metric.MeterProvider) (*clientRefusals, error) {
	counter, err := meters.Meter(meterName).Int64Counter("grpcaud.client.refusals",
		metric.WithUnit("{call}"), metric.WithDescription("Calls that were refused by other services, or not sent."))
	if err != nil {
		return nil, fmt.Errorf("interceptor: metrics: %w", err)
	}
	r := &clientRefusals{
		log:     admission.NewDownstreamLog(log.With(slog.String("client", client)), refusalWindow),
		counter: counter,
		others:  refusalKey{otherLabel, otherMethod, otherLabel}.labels(),
	}
	r.labels.Bound = maxRefusalSeries
	return r, nil
}

// record reports one call that ended in err.
func (r *clientRefusals) record(ctx context.Context, d admission.Downstream) {
	key := refusalKey{d.Service, d.Method, otherLabel}
	if audience.Reason(d.Reason).Phrase() != "" { // otherwise the other service made it up
		key.reason = d.Reason
	}
	if d.Service == "" { // a method of no service of the matrix may have any name
		key.method = otherMethod
	}
	labels, ok := r.labels.LoadOrAdd(key, key.labels)
	if !ok {
		labels = r.others
	}
	r.counter.Add(ctx, 1, labels)
	r.log.Record(ctx, d)
}

func (k refusalKey) labels() metric.MeasurementOption {
	service, method, _ := strings.Cut(strings.TrimPrefix(k.method, "/"), "/")
	return metric.WithAttributeSet(attribute.NewSet(
		attribute.String("service", k.service), attribute.String("rpc.service", service), attribute.String("rpc.method", method),
		attribute.String("reason", k.reason)))
}

// close writes the log lines that count repetitions.
func (r *clientRefusals) close() { r.log.Close() }

// refusedCall returns what a client reports of a call that ended in err; false if the
// call was neither refused nor unsent. The status of err does not say whether the call
// was sent, since other services return such statuses too; unsent does.
func refusedCall(service, method string, err error, unsent bool) (admission.Downstream, bool) {
	if refusal, ok := errors.AsType[*RefusedError](err); ok {
		return admission.Downstream{
			Service: service, Method: method, Code: refusal.Code.String(), Reason: string(refusal.Reason), RequestID: refusal.RequestID, Ended: refusal.Ended,
		}, true
	}
	st, _ := status.FromError(err)
	if !unsent || st.Code() == codes.OK || st.Code() == codes.Canceled {
		return admission.Downstream{}, false
	}
	return admission.Downstream{Service: service, Method: method, Code: st.Code().String(), Reason: infoOf(st).GetReason(), Unsent: st.Message()}, true
}
