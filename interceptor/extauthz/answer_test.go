package extauthz_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestRefusalOfCall shows what a gRPC client is told, and that our client believes it.
func TestRefusalOfCall(t *testing.T) {
	w := serve(t, company(), nil)
	answer := w.check(t, orders(w.portal(testutil.Claims{"scope": "orders.write"})).with("grpcaud-call", "attempt-1", "x-request-id", "r1").request())
	headers := denied(answer)
	details, err := base64.RawStdEncoding.DecodeString(headers["grpc-status-details-bin"])
	if err != nil {
		t.Fatal(err)
	}
	var st rpcstatus.Status
	if err := proto.Unmarshal(details, &st); err != nil {
		t.Fatal(err)
	}
	if got, ok := interceptor.ReasonOf(status.FromProto(&st).Err()); !ok || got != audience.ReasonScopeInsufficient {
		t.Errorf("got the reason %q, want SCOPE_INSUFFICIENT", got)
	}
	if text := string(details); !strings.Contains(text, "attempt-1 acme.orders.v1.OrderStatus/GetOrderStatus") || !strings.Contains(text, "r1") {
		t.Errorf("the details lack the name of the attempt or the request id: %q", text)
	}
	challenge, err := interceptor.ParseChallenge(headers["www-authenticate"])
	if err != nil || !cmp.Equal(challenge.Wanted.Scopes, []string{"orders.read"}) {
		t.Errorf("got the challenge %+v, want the scope orders.read", challenge)
	}
	delete(headers, "grpc-status-details-bin")
	want := map[string]string{
		"grpc-status": "7", "grpc-message": "scope insufficient",
		"www-authenticate": headers["grpcaud-challenge"], "grpcaud-challenge": headers["grpcaud-challenge"],
	}
	if diff := cmp.Diff(want, headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if got := answer.GetDeniedResponse().GetStatus().GetCode(); got != 403 {
		t.Errorf("got the HTTP status %d, want 403 for proxies that do not know gRPC", got)
	}
}

// TestRefusalOfHTTPRequest shows what an HTTP client is told.
func TestRefusalOfHTTPRequest(t *testing.T) {
	w := serve(t, company(), nil)
	answer := w.check(t, get("/v1/orders/7", w.portal(testutil.Claims{"scope": "none"})).with("x-request-id", "r1").request())
	var problem map[string]any
	if err := json.Unmarshal([]byte(answer.GetDeniedResponse().GetBody()), &problem); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"title": "Forbidden", "status": 403.0, "detail": "scope insufficient", "reason": "SCOPE_INSUFFICIENT", "request_id": "r1"}, problem); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	want := map[string]string{
		"content-type": "application/problem+json", "cache-control": "no-store", "vary": "Authorization", "x-content-type-options": "nosniff", "x-request-id": "r1",
		"www-authenticate": `Bearer realm="grpcaud", error="insufficient_scope", error_description="scope insufficient", scope="orders.read"`,
	}
	if diff := cmp.Diff(want, denied(answer)); diff != "" || answer.GetDeniedResponse().GetStatus().GetCode() != 403 {
		t.Errorf("status %v, headers (-want +got):\n%s", answer.GetDeniedResponse().GetStatus(), diff)
	}
}

// TestDynamicMetadata shows what Envoy's access log can tell of a decision.
func TestDynamicMetadata(t *testing.T) {
	w := serve(t, company(), nil)
	for name, row := range map[string]struct {
		call call
		want map[string]any
	}{
		"admitted": {orders(w.portal(nil)), map[string]any{"decision": "admitted", "mode": "enforce", "issuer": corp, "client": "customer-portal", "user": "alice"}},
		"public":   {call{path: holidays, service: "human-resource"}, map[string]any{"decision": "admitted", "mode": "enforce"}},
		"refused": {
			orders(w.portal(testutil.Claims{"client_id": "backoffice-portal"})).with("x-request-id", "r1"),
			map[string]any{"decision": "refused", "mode": "enforce", "reason": "CLIENT_NOT_ALLOWED", "request_id": "r1", "issuer": corp, "client": "backoffice-portal", "user": "alice"},
		},
		"forged": {orders("Bearer x").with("x-request-id", "r2"), map[string]any{"decision": "refused", "mode": "enforce", "reason": "TOKEN_INVALID", "request_id": "r2"}},
	} {
		if diff := cmp.Diff(row.want, w.check(t, row.call.request()).GetDynamicMetadata().AsMap()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestTokenIsNotTold shows that no part of a token is in an answer or in the log, unless
// the service is to read it.
func TestTokenIsNotTold(t *testing.T) {
	w := serve(t, company(), nil)
	for _, claims := range []testutil.Claims{nil, {"aud": "human-resource"}, {"scope": "none"}} {
		token := w.portal(claims)
		answer := w.check(t, orders(token).with("x-copy", token).request()).String()
		for part := range strings.SplitSeq(strings.TrimPrefix(token, "Bearer "), ".") {
			if strings.Contains(answer, part) || strings.Contains(w.log.String(), part) {
				t.Errorf("%v: a part of the token is in the answer or in the log:\n%s", claims, answer)
			}
		}
	}
}
