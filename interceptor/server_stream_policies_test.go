package interceptor_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestStreamsUnderNewPolicies shows that a running stream is judged by each new
// policy as a call would be, whatever let it in: a policy that asks for nothing,
// for a token if there is one, or for one always; or one that is not enforced. A
// stream that such a call would give a caller, and that has none, ends.
func TestStreamsUnderNewPolicies(t *testing.T) {
	type policy = []func(*access.Matrix)
	var (
		required         = policy{func(*access.Matrix) {}}
		optional         = policy{func(m *access.Matrix) { m.Services["human-resource"].Allow[0].Optional = true }}
		public           = policy{func(m *access.Matrix) { m.Public = append(m.Public, "acme.hr.v1.HumanResource/ReviewEmployees") }}
		others           = policy{only("order-status")}
		observing        = policy{observed}
		optionally       = append(optional[:1:1], observed)
		observingClients = append(others[:1:1], observed)
		maybe            = append(others[:1:1], optional...)
		closed           = policy{func(m *access.Matrix) {
			s := m.Services["human-resource"]
			s.Closed, s.Allow[0].Methods = []string{"ReviewEmployees"}, []string{"GetEmployee", "ListEmployees"}
			m.Services["human-resource"] = s
		}}

		goesOn  = verdict{}
		missing = verdict{codes.Unauthenticated, audience.ReasonCredentialsMissing}
		invalid = verdict{codes.Unauthenticated, audience.ReasonTokenInvalid}
		client  = verdict{codes.PermissionDenied, audience.ReasonClientNotAllowed}
		noRule  = verdict{codes.PermissionDenied, audience.ReasonNoPolicy}
	)
	for _, row := range []struct {
		name   string
		began  policy
		sends  string // no token, one that is forged, or a good one
		then   []policy
		policy policy
		want   verdict
	}{
		{"public to required, no token", public, "", nil, required, missing},
		{"public to required, forged", public, "forged", nil, required, missing},
		{"public to required, a good token", public, "good", nil, required, missing},
		{"public to optional, no token", public, "", nil, optional, goesOn},
		{"public to optional, forged", public, "forged", nil, optional, missing},
		{"public to optional, a good token", public, "good", nil, optional, missing},
		{"public to observed to required", public, "forged", []policy{observing}, required, missing},
		{"public to observed to optional, forged", public, "forged", []policy{observing}, optional, missing},
		{"public to closed", public, "", nil, closed, noRule},

		{"optional to required, no token", optional, "", nil, required, missing},
		{"optional to required, a good token", optional, "good", nil, required, goesOn},
		{"optional to public", optional, "", nil, public, goesOn},
		{"optional to public to required, no token", optional, "", []policy{public}, required, missing},
		{"optional to others, a good token", optional, "good", nil, maybe, client},
		{"optional to observed to required", optional, "", []policy{observing}, required, missing},

		{"observed to required, no token", observing, "", nil, required, missing},
		{"observed to required, forged", observing, "forged", nil, required, invalid},
		{"observed to required, a good token", observing, "good", nil, required, goesOn},
		{"observed to required, refused", observingClients, "good", nil, others, client},
		{"observed to optional, no token", observing, "", nil, optional, goesOn},
		{"observed to optional, forged", observing, "forged", nil, optional, invalid},
		{"observed to optional, refused", observingClients, "good", nil, maybe, client},
		{"observed to optional to required, no token", observing, "", []policy{optional}, required, missing},
		{"observed to observed optional, forged", observing, "forged", nil, optionally, goesOn},
		{"observed to observed optional to optional, forged", observing, "forged", []policy{optionally}, optional, invalid},
		{"observed to public, forged", observing, "forged", nil, public, goesOn},
		{"observed to public to optional, forged", observing, "forged", []policy{public}, optional, invalid},
		{"observed to public to required, forged", observing, "forged", []policy{public}, required, invalid},
		{"observed to closed, forged", observing, "forged", nil, closed, noRule},

		{"required to others", required, "good", nil, others, client},
		{"required to observed others", required, "good", nil, observingClients, goesOn},
		{"required to observed others to others", required, "good", []policy{observingClients}, others, client},
		{"required to observed others to optional others", required, "good", []policy{observingClients}, maybe, client},
		{"required to observed others to required", required, "good", []policy{observingClients}, required, goesOn},
		{"required to public to others", required, "good", []policy{public}, others, client},
		{"required to public to required", required, "good", []policy{public}, required, goesOn},
		{"required to closed", required, "good", nil, closed, noRule},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newReviewServer(t, echo, company(t, row.began...))
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
				defer cancel()
				switch row.sends {
				case "good":
					ctx = bearing(ctx, "Bearer "+o.mint(time.Hour))
				case "forged":
					ctx = bearing(ctx, "Bearer forged")
				}
				stream, err := hrv1.NewHumanResourceClient(o.conn).ReviewEmployees(ctx)
				if err != nil {
					t.Fatal(err)
				}
				confirm(t, stream)
				for _, policy := range row.then {
					o.swap(t, policy...)
					confirm(t, stream)
				}
				o.swap(t, row.policy...)
				if row.want == goesOn {
					time.Sleep(time.Second)
					confirm(t, stream)
				} else if got := verdictOf(drain(stream)); got != row.want {
					t.Errorf("ended with %v, want %v", got, row.want)
				}
			})
		})
	}
}

// swap replaces the policy of the reviewServer.
func (o *reviewServer) swap(t *testing.T, changes ...func(*access.Matrix)) {
	t.Helper()
	if err := o.server.Swap(company(t, changes...)); err != nil {
		t.Fatal(err)
	}
}

// TestEndedCallIsNotLetThrough shows that a rule which is not enforced spares refusals
// alone: a call that was cancelled, or whose time ran out, while it was judged
// does not reach its handler, whatever was found out about it by then.
func TestEndedCallIsNotLetThrough(t *testing.T) {
	cancelled, late := verdict{Code: codes.Canceled}, verdict{Code: codes.DeadlineExceeded}
	asLong := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	thenRevoked := func(ctx context.Context) error { <-ctx.Done(); return &audience.Refusal{Cause: audience.CauseRevoked} }
	for name, row := range map[string]struct {
		mode    access.Mode
		cancel  bool
		revoked revocations // nil: the keys do not come
		want    verdict
	}{
		"cancelled while the keys do not come":  {access.Observe, true, nil, cancelled},
		"cancelled while nobody tells":          {access.Warn, true, asLong, cancelled},
		"late while nobody tells":               {access.Observe, false, asLong, late},
		"late while nobody tells, to be warned": {access.Warn, false, asLong, late},
		"cancelled, and then found revoked":     {access.Observe, true, thenRevoked, cancelled},
		"late, and found revoked, to be warned": {access.Warn, false, thenRevoked, late},
	} {
		for shape, call := range shapes {
			t.Run(name+"/"+shape, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					issuer, heard, written := newIssuer(), &orders{anyCaller: true}, &log{}
					policy := company(t, func(m *access.Matrix) {
						s := m.Services["order-status"]
						s.Rollout = []access.Rollout{{Mode: row.mode, Until: time.Now().Add(time.Hour)}}
						m.Services["order-status"] = s
					})
					opts := []interceptor.ServerOption{jsonLogger(written)}
					if row.revoked != nil {
						opts = append(opts, interceptor.Revocations(row.revoked))
					} else {
						issuer.Fault(testutil.JWKS, testutil.RespondNever())
					}
					server := serverOf(t, issuer, policy, opts...)
					conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, heard) })
					ctx, cancel := context.WithTimeout(bearing(t.Context(), "Bearer "+issuer.Mint(good(nil))), 2*time.Second)
					defer cancel()
					if row.cancel {
						time.AfterFunc(time.Second, cancel)
					}
					if got := verdictOf(call(ctx, conn)); got != row.want {
						t.Errorf("%v, want %v", got, row.want)
					}
					time.Sleep(time.Minute)
					if len(heard.callers) != 0 {
						t.Error("the handler ran")
					}
					if got := written.String(); !strings.Contains(got, `"decision":"refused"`) || strings.Contains(got, "would_refuse") {
						t.Errorf("log %s, want the call refused", got)
					}
				})
			})
		}
	}
}
