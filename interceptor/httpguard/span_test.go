package httpguard_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/grpcaud/grpcaud/testutil"
)

// span keeps what is written into it.
type span struct {
	noop.Span
	written map[string]string
}

func (*span) IsRecording() bool { return true }

func (s *span) SetAttributes(attrs ...attribute.KeyValue) {
	for _, a := range attrs {
		s.written[string(a.Key)] = a.Value.String()
	}
}

// traced is what middleware for traces does around a guard: it begins a span, and
// afterwards names the route (http.route) by the pattern of the request.
func traced(ended chan<- map[string]string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := &span{written: map[string]string{}}
			r = r.WithContext(trace.ContextWithSpan(r.Context(), s))
			next.ServeHTTP(w, r)
			if _, route, found := strings.Cut(r.Pattern, " "); found {
				s.written["http.route"] = route
			}
			ended <- s.written
		})
	}
}

// TestSpanHasTheDecisionAndTheRoute shows what the span of a request is told: the decision,
// and the route only of a request that was admitted, so that no stranger makes up routes.
func TestSpanHasTheDecisionAndTheRoute(t *testing.T) {
	ended := make(chan map[string]string, 1)
	w := newWorld(t, setup{around: traced(ended)})
	token := w.issuer.Mint(good(nil))
	other := w.issuer.Mint(good(testutil.Claims{"aud": "x"}))
	for _, protocol := range protocols {
		c := w.client(t, protocol)
		for name, row := range map[string]struct {
			path, token string
			want        map[string]string
		}{
			"admitted": {getting, token, map[string]string{
				"grpcaud.decision": "admitted", "grpcaud.reason": "", "grpcaud.client": "customer-portal", "grpcaud.issuer": corp, "http.route": "/v1/orders/{id}",
			}},
			"public": {"/version", "", map[string]string{"grpcaud.decision": "admitted", "grpcaud.reason": "", "http.route": "/version"}},
			"refused": {getting, other, map[string]string{
				"grpcaud.decision": "refused", "grpcaud.reason": "AUDIENCE_MISMATCH", "grpcaud.client": "customer-portal", "grpcaud.issuer": corp,
			}},
			"no operation": {"/v1/made/up", token, map[string]string{
				"grpcaud.decision": "refused", "grpcaud.reason": "NO_POLICY", "grpcaud.client": "customer-portal", "grpcaud.issuer": corp,
			}},
			"no token": {getting, "", map[string]string{"grpcaud.decision": "refused", "grpcaud.reason": "CREDENTIALS_MISSING"}},
		} {
			var headers []string
			if row.token != "" {
				headers = []string{"Authorization", "Bearer " + row.token}
			}
			ask(t, c, "GET", row.path, headers...)
			if diff := cmp.Diff(row.want, <-ended); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", protocol, name, diff)
			}
		}
	}
}

// TestHandlersBelongToTheSpan shows that the context of a handler has the span of its
// request, so that what the handler calls is a child of it.
func TestHandlersBelongToTheSpan(t *testing.T) {
	var seen trace.Span
	w := newWorld(t, setup{handle: func(_ http.ResponseWriter, r *http.Request) { seen = trace.SpanFromContext(r.Context()) }})
	s := &span{written: map[string]string{}}
	r := httptest.NewRequestWithContext(trace.ContextWithSpan(t.Context(), s), "GET", getting, nil)
	r.Header.Set("Authorization", "Bearer "+w.issuer.Mint(good(nil)))
	r.TLS = &tls.ConnectionState{}
	w.handler.ServeHTTP(httptest.NewRecorder(), r)
	if seen != trace.Span(s) {
		t.Errorf("the handler has the span %v, want that of the request", seen)
	}
}
