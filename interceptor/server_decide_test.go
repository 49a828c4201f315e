package interceptor_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// rollingOut puts the orders into a mode for an hour.
func rollingOut(mode access.Mode) func(*access.Matrix) {
	return func(m *access.Matrix) {
		s := m.Services["order-status"]
		s.Rollout = []access.Rollout{{Mode: mode, Until: time.Now().Add(time.Hour)}}
		m.Services["order-status"] = s
	}
}

// TestCallsDuringARollout shows the results of good and bad calls during a rollout: a
// call that the rule would refuse has no caller, and no token to forward.
func TestCallsDuringARollout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, mode := range []access.Mode{access.Warn, access.Observe} {
			issuer := newIssuer()
			var caller audience.Caller
			var known bool
			var forwarded error
			handler := &orders{anyCaller: true, inHandler: func(ctx context.Context) error {
				caller, known = audience.FromContext(ctx)
				_, forwarded = interceptor.Forward("order-status").GetRequestMetadata(outgoing(ctx))
				if values := metadata.ValueFromIncomingContext(ctx, "authorization"); values != nil {
					t.Errorf("%v: the handler sees %q", mode, values)
				}
				return nil
			}}
			server := serverOf(t, issuer, company(t, rollingOut(mode)))
			conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, handler) })
			bad := map[string]context.Context{
				"AUDIENCE_MISMATCH":   bearing(t.Context(), "Bearer "+issuer.Mint(good(testutil.Claims{"aud": "x"}))),
				"CREDENTIALS_MISSING": t.Context(),
				"TOKEN_INVALID":       bearing(t.Context(), "Bearer x"),
			}
			for shape, call := range shapes {
				if err := call(bearing(t.Context(), "Bearer "+issuer.Mint(good(nil))), conn); err != nil || caller.User != "alice" || forwarded != nil {
					t.Errorf("%v, %s: a good call: %v by %q, forwarded with %v", mode, shape, err, caller.User, forwarded)
				}
				for reason, ctx := range bad {
					var trailer metadata.MD
					if err := call(ctx, conn, grpc.Trailer(&trailer)); err != nil || known || forwarded == nil {
						t.Errorf("%v, %s, %s: %v, with a caller: %v, forwarded: %v", mode, shape, reason, err, known, forwarded == nil)
					}
					want := ""
					if mode == access.Warn {
						want = reason
					}
					if got := strings.Join(trailer.Get("grpcaud-would-refuse"), " "); got != want {
						t.Errorf("%v, %s: would-refuse = %q, want %q", mode, shape, got, want)
					}
					if n := interceptor.Leases(server); n != 0 {
						t.Errorf("%v, %s: a lease for nobody", mode, shape)
					}
				}
			}
			time.Sleep(time.Hour)
			for shape, call := range shapes {
				if err := call(t.Context(), conn); verdictOf(err).Reason != audience.ReasonCredentialsMissing {
					t.Errorf("%v, %s: when it has ended: %v", mode, shape, err)
				}
			}
		}
	})
}

// outgoing returns the context of a call that goes out over TLS.
func outgoing(ctx context.Context) context.Context {
	return credentials.NewContextWithRequestInfo(ctx, credentials.RequestInfo{
		AuthInfo: secured{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}},
	})
}

// TestStreamsDuringARollout shows that a running stream continues after the end of its
// token while the rule is not enforced, is reported once, and ends when the rule is
// enforced.
func TestStreamsDuringARollout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, echo, company(t, func(m *access.Matrix) {
			s := m.Services["human-resource"]
			s.Rollout = []access.Rollout{{Mode: access.Observe, Until: time.Now().Add(time.Hour)}}
			m.Services["human-resource"] = s
		}), interceptor.SampleRefused(0))
		began := time.Now()
		stream, another := o.open(t, time.Minute), o.open(t, time.Minute)
		confirm(t, stream)
		confirm(t, another)
		for _, after := range []time.Duration{time.Minute + access.DefaultLeeway, 40 * time.Minute} {
			time.Sleep(after)
			synctest.Wait()
			confirm(t, stream)
			if n := strings.Count(o.log.String(), "cause=EXPIRED_MIDSTREAM"); n != 2 {
				t.Errorf("told %d times of two streams: %s", n, o.log)
			}
		}
		if err := drain(stream); verdictOf(err) != expired {
			t.Errorf("%v, want %v", err, expired)
		}
		if lived := time.Since(began); lived < time.Hour || lived > time.Hour+time.Minute {
			t.Errorf("the stream lived for %v, want an hour and a minute at most", lived)
		}
	})
}

// TestOptionalMethodRefusesABadToken shows that a method may be called without a token,
// and not with a bad one.
func TestOptionalMethodRefusesABadToken(t *testing.T) {
	issuer := newIssuer()
	var known bool
	handler := &orders{anyCaller: true, inHandler: func(ctx context.Context) error {
		_, known = audience.FromContext(ctx)
		return nil
	}}
	server := serverOf(t, issuer, company(t, optional))
	conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, handler) })
	for _, row := range []struct {
		name   string
		values []string
		known  bool
		want   audience.Reason
	}{
		{name: "no token"},
		{name: "a good one", values: []string{"Bearer " + issuer.Mint(good(nil))}, known: true},
		{name: "of another audience", values: []string{"Bearer " + issuer.Mint(good(testutil.Claims{"aud": "x"}))}, want: audience.ReasonAudienceMismatch},
		{name: "no token at all in it", values: []string{"Bearer"}, want: audience.ReasonCredentialsMalformed},
		{name: "another scheme", values: []string{"Basic YTpi"}, want: audience.ReasonCredentialsMissing},
	} {
		for shape, call := range shapes {
			known = false
			err := call(bearing(t.Context(), row.values...), conn)
			if verdictOf(err).Reason != row.want || known != row.known {
				t.Errorf("%s, %s: %v with a caller: %v, want %q and %v", row.name, shape, err, known, row.want, row.known)
			}
		}
	}
}

// TestJudgedAfterWaiting shows that a token is refused that ends while the call waits
// for its keys.
func TestJudgedAfterWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		slow := roundTripper(func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return issuer.Transport().RoundTrip(r)
		})
		server := serverOf(t, issuer, company(t), interceptor.Transport(slow))
		token := issuer.Mint(good(testutil.Claims{"exp": time.Now().Add(time.Second - access.DefaultLeeway).Unix()}))
		if err := call(t.Context(), server, getOrder, token); verdictOf(err).Reason != audience.ReasonTokenExpired {
			t.Errorf("%v, want %s", err, audience.ReasonTokenExpired)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestPathThatIsNoMethodHasNoRule shows that a path which only resembles that of a
// method has no rule, also not that of a public method. On servers that handle unknown
// methods it reaches the interceptors as it was sent.
func TestPathThatIsNoMethodHasNoRule(t *testing.T) {
	issuer := newIssuer()
	server := newServer(t, issuer, &log{}, "order-status", "human-resource")
	reached := errors.New("the handler was reached")
	conn := testutil.Serve(t, append(server.Options(), grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return reached })), func(s *grpc.Server) {
		hrv1.RegisterHumanResourceServer(s, humanResource{})
	})
	token := bearing(t.Context(), "Bearer "+issuer.Mint(good(nil)))
	for path, want := range map[string]verdict{
		"/acme.hr.v1.Holidays/List":                        {Code: codes.Unknown}, // the public one itself
		"/acme.orders.v1.OrderStatus/GetOrderStatus":       {Code: codes.Unknown}, // and a method that the token allows
		"//acme.hr.v1.Holidays/List":                       {codes.PermissionDenied, audience.ReasonNoPolicy},
		"/acme.hr.v1.Holidays//List":                       {codes.PermissionDenied, audience.ReasonNoPolicy},
		"/acme.hr.v1.Holidays/List/":                       {codes.PermissionDenied, audience.ReasonNoPolicy},
		"/acme.hr.v1.Holidays/./List":                      {codes.PermissionDenied, audience.ReasonNoPolicy},
		"/./acme.hr.v1.Holidays/List":                      {codes.PermissionDenied, audience.ReasonNoPolicy},
		"/acme.hr.v1.Holidays/List?x=1":                    {codes.PermissionDenied, audience.ReasonNoPolicy},
		"/acme.hr.v1.Holidays/%4cist":                      {codes.PermissionDenied, audience.ReasonNoPolicy},
		"/acme.hr.v1.Holidays/":                            {codes.PermissionDenied, audience.ReasonNoPolicy},
		"/ACME.HR.V1.HOLIDAYS/List":                        {codes.PermissionDenied, audience.ReasonNoPolicy},
		"/acme.hr.v1.Holidays/../HumanResource/Get":        {codes.PermissionDenied, audience.ReasonNoPolicy},
		"/acme.orders.v1.OrderStatus/GetOrderStatus/":      {codes.PermissionDenied, audience.ReasonNoPolicy},
		"//acme.orders.v1.OrderStatus/GetOrderStatus":      {codes.PermissionDenied, audience.ReasonNoPolicy},
		"/acme.orders.v1.OrderStatus/getorderstatus":       {codes.PermissionDenied, audience.ReasonClientNotAllowed}, // the rule of all methods
		"/acme.orders.v1.OrderStatus/GetOrderStatus#Watch": {codes.PermissionDenied, audience.ReasonNoPolicy},
	} {
		if got := verdictOf(conn.Invoke(token, path, &emptypb.Empty{}, &emptypb.Empty{})); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}
