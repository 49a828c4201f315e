package interceptor_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// adminEndpoint is an introspection endpoint for administrators: it authenticates
// nobody, and knows one active token.
func adminEndpoint(active string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _, basic := r.BasicAuth()
		if basic || r.PostFormValue("client_id") != "" {
			http.Error(w, "credentials at an endpoint that takes none", http.StatusBadRequest)
			return
		}
		answer := map[string]any{"active": r.PostFormValue("token") == active}
		if answer["active"] == true {
			answer["iss"], answer["exp"] = corp, time.Now().Add(time.Minute).Unix()
			for name, value := range good(nil) {
				answer[name] = value
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	})
}

// TestIntrospectionWithoutAuthentication shows that an endpoint for administrators is
// asked without credentials, that its answers are judged as all others, and that the
// log says that it is.
func TestIntrospectionWithoutAuthentication(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	issuer, said := newIssuer(), &log{}
	issuer.Fault(testutil.Introspection, adminEndpoint("an-active-token"))
	policy := company(t, func(m *access.Matrix) {
		m.Issuers["corp"] = access.Issuer{URL: corp, Introspection: access.Introspection{URL: corp + "/introspect", InsecureNoAuthentication: true}}
	})
	server := serverOf(t, issuer, policy, interceptor.Logger(slog.New(slog.NewTextHandler(said, nil))))
	conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, &orders{}) })
	for shape, call := range shapes {
		if err := call(bearing(ctx, "Bearer an-active-token"), conn); err != nil {
			t.Errorf("%s: %v, want it admitted", shape, err)
		}
		for token, want := range map[string]verdict{
			"another-token": tokenInvalid,
			issuer.Mint(good(nil), testutil.Header("alg", "none")): tokenInvalid,
		} {
			if err := call(bearing(ctx, "Bearer "+token), conn); verdictOf(err) != want {
				t.Errorf("%s: %v, want %v", shape, err, want)
			}
		}
	}
	if !strings.Contains(said.String(), "without authentication") {
		t.Errorf("the log does not say that the endpoint is asked without authentication:\n%s", said)
	}
	issuer.Fault(testutil.Introspection, testutil.RespondStatus(http.StatusUnauthorized))
	for shape, call := range shapes {
		if err := call(bearing(ctx, "Bearer token-of-"+shape), conn); verdictOf(err) != unavailable {
			t.Errorf("%s, the endpoint wants credentials: %v, want %v", shape, err, unavailable)
		}
	}
}
