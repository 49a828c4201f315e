package interceptor_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// span keeps what is written into it, if it records.
type span struct {
	noop.Span
	recording bool
	written   map[string]string
}

func (s *span) IsRecording() bool { return s.recording }

func (s *span) SetAttributes(attrs ...attribute.KeyValue) {
	for _, a := range attrs {
		s.written[string(a.Key)] = a.Value.String()
	}
}

func TestSpanHasTheDecision(t *testing.T) {
	issuer := newIssuer()
	server := guarded(t, issuer, access.Enforce)
	for name, row := range map[string]struct {
		recording bool
		token     string
		want      map[string]string
	}{
		"admitted": {true, issuer.Mint(good(nil)), map[string]string{
			"grpcaud.decision": "admitted", "grpcaud.reason": "", "grpcaud.client": "customer-portal", "grpcaud.issuer": corp,
		}},
		"refused": {true, issuer.Mint(good(testutil.Claims{"aud": "x"})), map[string]string{
			"grpcaud.decision": "refused", "grpcaud.reason": "AUDIENCE_MISMATCH", "grpcaud.client": "customer-portal", "grpcaud.issuer": corp,
		}},
		"not genuine":  {true, "a.b.c", map[string]string{"grpcaud.decision": "refused", "grpcaud.reason": "TOKEN_INVALID"}},
		"not recorded": {false, issuer.Mint(good(nil)), map[string]string{}},
	} {
		s := &span{recording: row.recording, written: map[string]string{}}
		_ = call(trace.ContextWithSpan(t.Context(), s), server, getOrder, row.token)
		if diff := cmp.Diff(row.want, s.written); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		secretless(t, "span", fmt.Sprint(s.written), row.token)
	}
}
