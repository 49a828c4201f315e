package interceptor_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// adminEndpoint is an introspection endpoint for administrators: it authenticates
// nobody, and knows one active token.
func adminEndpoint(active string) http.Handler {
	return adminAnswers(func(token string) testutil.Claims {
		if token == active {
			return good(nil)
		}
		return nil
	})
}

// adminAnswers is such an endpoint. Of a token without claims it says that it is not
// active.
func adminAnswers(claims func(token string) testutil.Claims) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _, basic := r.BasicAuth()
		if basic || r.PostFormValue("client_id") != "" {
			http.Error(w, "credentials at an endpoint that takes none", http.StatusBadRequest)
			return
		}
		known := claims(r.PostFormValue("token"))
		answer := map[string]any{"active": known != nil}
		if known != nil {
			answer["iss"], answer["exp"] = corp, time.Now().Add(time.Minute).Unix()
			maps.Copy(answer, known)
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

// TestIntrospectionByAWrittenPreset holds that answers about tokens are read as the
// matrix describes them: a claim that names no client names none in an answer either, and
// a user is known by the claim that says so.
func TestIntrospectionByAWrittenPreset(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tenants := access.Dialect{Types: []string{"jwt"}, Client: []string{"app"}, NotClient: map[string]string{"client_id": "*"}, Scopes: []string{"scope"}}
	people := access.Dialect{Types: []string{"jwt"}, Client: []string{"client_id"}, Subject: "uid", Scopes: []string{"scope"}, Services: []access.ServiceMark{{Absent: []string{"person"}}}}
	for name, row := range map[string]struct {
		preset  access.Dialect
		callers access.CallerKind
		answer  testutil.Claims
		want    verdict
	}{
		"the client by its claim":             {tenants, "", testutil.Claims{"client_id": "tenant", "app": "customer-portal"}, verdict{}},
		"another client, its tenant so named": {tenants, "", testutil.Claims{"client_id": "customer-portal", "app": "batch"}, verdict{codes.PermissionDenied, audience.ReasonClientNotAllowed}},
		"a service":                           {people, access.ServicesOnly, testutil.Claims{"sub": nil}, verdict{}},
		"a service by its sub":                {people, access.ServicesOnly, testutil.Claims{"sub": "customer-portal"}, verdict{}},
		"a user without sub":                  {people, access.ServicesOnly, testutil.Claims{"sub": nil, "uid": "alice"}, verdict{codes.PermissionDenied, audience.ReasonClientNotAllowed}},
		"a user with the sub of the client":   {people, access.ServicesOnly, testutil.Claims{"sub": "customer-portal", "uid": "alice"}, verdict{codes.PermissionDenied, audience.ReasonClientNotAllowed}},
	} {
		issuer := newIssuer()
		answer := good(row.answer)
		maps.DeleteFunc(answer, func(_ string, value any) bool { return value == nil })
		issuer.Fault(testutil.Introspection, adminAnswers(func(string) testutil.Claims { return answer }))
		policy := company(t, func(m *access.Matrix) {
			m.Issuers["corp"] = access.Issuer{URL: corp, Dialect: row.preset, Introspection: access.Introspection{URL: corp + "/introspect", InsecureNoAuthentication: true}}
			m.Services["order-status"].Allow[0].Callers = row.callers
		})
		conn := connectTo(t, serverOf(t, issuer, policy))
		for shape, call := range shapes {
			if err := call(bearing(ctx, "Bearer an-active-token"), conn); verdictOf(err) != row.want {
				t.Errorf("%s, %s: got %v, want %v", name, shape, err, row.want)
			}
		}
	}
}

// TestStreamIsAskedAboutWithoutAuthentication holds that an endpoint which authenticates
// nobody is asked again about the token of a running stream, like any other.
func TestStreamIsAskedAboutWithoutAuthentication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var withdrawn atomic.Bool
		o := newReviewServer(t, echo, company(t, func(m *access.Matrix) {
			m.Issuers["corp"] = access.Issuer{URL: corp, Introspection: access.Introspection{URL: corp + "/introspect", InsecureNoAuthentication: true}}
		}), interceptor.VerifierOptions(verifier.IntrospectionTTL(ttl)))
		end := time.Now().Add(time.Hour).Unix()
		o.issuer.Fault(testutil.Introspection, adminAnswers(func(string) testutil.Claims {
			if withdrawn.Load() {
				return nil
			}
			return testutil.Claims{"aud": "human-resource", "sub": "alice", "client_id": "backoffice-portal", "exp": end}
		}))
		stream := o.openFor(t, timed(t), "an-active-token")
		confirm(t, stream)
		time.Sleep(time.Minute)
		confirm(t, stream)
		withdrawn.Store(true)
		lasts(t, stream, tokenInvalid, 0, ttl+2*time.Second)
		if _, err := hrv1.NewHumanResourceClient(o.conn).GetEmployee(bearing(timed(t), "Bearer an-active-token"), &hrv1.GetEmployeeRequest{}); verdictOf(err) != tokenInvalid {
			t.Errorf("a call: %v, want %v", err, tokenInvalid)
		}
	})
}
