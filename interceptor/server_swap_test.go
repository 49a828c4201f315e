package interceptor_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// only narrows the human-resource service to one client.
func only(client string) func(*access.Matrix) {
	return func(m *access.Matrix) {
		m.Services["human-resource"].Allow[0].Clients = []string{client}
	}
}

// TestNewPolicyHoldsForCallsAndStreams shows that a new policy holds for the next call
// and for running streams, which end with its reason, and that it sets their end.
func TestNewPolicyHoldsForCallsAndStreams(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*access.Matrix)
		want   verdict
		after  time.Duration // from the swap
	}{
		"the client is no longer allowed": {only("order-status"), verdict{codes.PermissionDenied, audience.ReasonClientNotAllowed}, 0},
		"another audience": {func(m *access.Matrix) {
			s := m.Services["human-resource"]
			s.Audiences = []string{"https://hr.example"}
			m.Services["human-resource"] = s
		}, verdict{codes.Unauthenticated, audience.ReasonAudienceMismatch}, 0},
		"tokens must be younger": {func(m *access.Matrix) {
			m.Issuers["corp"] = access.Issuer{URL: corp, MaxAge: 20 * time.Minute}
		}, expired, 10*time.Minute + access.DefaultLeeway},
		"more leeway": {func(m *access.Matrix) {
			m.Issuers["corp"] = access.Issuer{URL: corp, Leeway: time.Minute}
		}, expired, 50*time.Minute + time.Minute},
		"the same": {func(*access.Matrix) {}, expired, 50*time.Minute + access.DefaultLeeway},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newReviewServer(t, echo, company(t))
				stream := o.open(t, time.Hour)
				confirm(t, stream)
				time.Sleep(10 * time.Minute)
				swapped := time.Now()
				if err := o.server.Swap(company(t, row.change)); err != nil {
					t.Fatal(err)
				}
				if err := drain(stream); verdictOf(err) != row.want {
					t.Errorf("%v, want %v", err, row.want)
				}
				if got := time.Since(swapped); got != row.after {
					t.Errorf("the stream ended after %v, want %v", got, row.after)
				}
			})
		})
	}
}

// TestSwapInGrace shows that a policy which changes nothing about a stream does
// not end it for the age of its token, which the lease counts.
func TestSwapInGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, echo, company(t), interceptor.StreamGrace(time.Hour))
		stream := o.open(t, time.Minute)
		confirm(t, stream)
		time.Sleep(30 * time.Minute)
		if err := o.server.Swap(company(t)); err != nil {
			t.Fatal(err)
		}
		confirm(t, stream)
	})
}

// TestSwapToPublic shows that nothing ends a stream that has become open to
// anybody.
func TestSwapToPublic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, echo, company(t))
		stream := o.open(t, time.Hour)
		confirm(t, stream)
		if err := o.server.Swap(company(t, func(m *access.Matrix) { m.Public = append(m.Public, "acme.hr.v1.HumanResource/ReviewEmployees") })); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Hour)
		confirm(t, stream)
	})
}

// TestSwapAddsAndRemovesIssuers shows that tokens of an issuer are accepted from when the
// policy names it until it does not.
func TestSwapAddsAndRemovesIssuers(t *testing.T) {
	corporate, partner := newIssuer(), testutil.NewIssuer("https://login.partner.example")
	with := func(m *access.Matrix) {
		m.Issuers["partner"] = access.Issuer{URL: partner.URL()}
		for name, client := range m.Clients {
			client.Issuer = "corp"
			m.Clients[name] = client
		}
		m.Clients["shop"] = access.Client{Issuer: "partner", ID: "customer-portal"}
		for name, s := range m.Services {
			s.Issuers = []string{"corp", "partner"}
			s.Allow[0].Clients = append(s.Allow[0].Clients, "shop")
			m.Services[name] = s
		}
	}
	server := serverOf(t, corporate, company(t), interceptor.Transport(corporate.Transport(partner)))
	conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, &orders{}) })
	token := partner.Mint(good(nil))
	for i, want := range []audience.Reason{audience.ReasonTokenInvalid, "", audience.ReasonTokenInvalid, ""} {
		changes := []func(*access.Matrix){func(*access.Matrix) {}, with}
		if err := server.Swap(company(t, changes[i%2])); err != nil {
			t.Fatal(err)
		}
		for shape, call := range shapes {
			if got := verdictOf(call(bearing(t.Context(), "Bearer "+token), conn)).Reason; got != want {
				t.Errorf("policy %d, %s: %q, want %q", i, shape, got, want)
			}
		}
	}
}

// TestUnfitPolicyLeavesTheOldOne shows that a policy which does not fit leaves the old
// one as it was.
func TestUnfitPolicyLeavesTheOldOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, echo, company(t))
		stream := o.open(t, time.Hour)
		confirm(t, stream)
		for want, policy := range map[string]*access.Policy{
			"no policy":                   nil,
			`no service "human-resource"`: company(t, func(m *access.Matrix) { delete(m.Services, "human-resource") }),
			"ReviewEmployees has no rule": company(t, func(m *access.Matrix) { m.Services["human-resource"].Allow[0].Methods = []string{"GetEmployee"} }),
			"which the server does not": company(t, func(m *access.Matrix) {
				s := m.Services["human-resource"]
				s.GRPC = append(s.GRPC, "acme.hr.v1.Payroll")
				m.Services["human-resource"] = s
			}),
		} {
			if err := o.server.Swap(policy); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Swap = %v, want %q", err, want)
			}
		}
		confirm(t, stream)
		confirm(t, o.open(t, time.Hour))
	})
}

// TestSwapUnderLoadRefusesNoGoodCall shows that nobody whom all policies allow is
// refused while they change, and nobody whom none allows is admitted.
func TestSwapUnderLoadRefusesNoGoodCall(t *testing.T) {
	w := newWorld(t)
	policies := []*access.Policy{
		company(t),
		company(t, func(m *access.Matrix) { m.Services["order-status"].Allow[1].Clients = []string{"order-status"} }),
		company(t, func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: corp, Leeway: time.Minute} }),
	}
	allowed, never := "Bearer "+w.issuer.Mint(good(nil)), "Bearer "+w.issuer.Mint(good(testutil.Claims{"aud": "human-resource"}))
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for shape, call := range shapes {
		for range 4 {
			callers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if err := call(bearing(t.Context(), allowed), w.conn); err != nil {
						t.Errorf("%s: allowed by all: %v", shape, err)
					}
					if err := call(bearing(t.Context(), never), w.conn); verdictOf(err).Reason != audience.ReasonAudienceMismatch {
						t.Errorf("%s: allowed by none: %v", shape, err)
					}
				}
			})
		}
	}
	for i := range 100 {
		if err := w.server.Swap(policies[i%len(policies)]); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	callers.Wait()
	if n := w.issuer.Requests(testutil.JWKS); n > 2 {
		t.Errorf("%d fetches of the keys of one issuer", n)
	}
}
