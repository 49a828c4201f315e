package interceptor_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// TestDownstreamRefusalIsLogged shows that a refusal by another service which a
// handler returns is logged once, with the ids of both calls and without its text, and
// that the peer is not told of it.
func TestDownstreamRefusalIsLogged(t *testing.T) {
	const secret = "s3cret"
	refused := func(reason, id string) error {
		st, err := status.New(codes.PermissionDenied, secret).WithDetails(&errdetails.ErrorInfo{
			Reason: reason, Domain: interceptor.Domain, Metadata: map[string]string{"request_id": id},
		})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Errorf("%s: %w", secret, st.Err())
	}
	for name, row := range map[string]struct {
		err  error
		want map[string]any
	}{
		"a refusal":        {refused("SCOPE_INSUFFICIENT", "r-2"), map[string]any{"code": "PermissionDenied", "reason": "SCOPE_INSUFFICIENT", "request_id": "r-2"}},
		"of hostile words": {refused("A\nB", strings.Repeat("x", 129)), map[string]any{"code": "PermissionDenied", "reason": "", "request_id": ""}},
		"our own": {
			&audience.Refusal{Cause: audience.CauseKeysUnavailable, Err: errors.New(secret)},
			map[string]any{"code": "Unknown", "reason": "ISSUER_UNAVAILABLE", "request_id": ""},
		},
		"no token": {fmt.Errorf("%s: %w", secret, tokensource.ErrRefused), map[string]any{"code": "Unknown", "reason": "", "request_id": ""}},
	} {
		for _, shape := range []string{"unary", "stream", "unary twice", "stream twice"} {
			shape, twice := strings.CutSuffix(shape, " twice")
			issuer, written := newIssuer(), &log{}
			server := serverOf(t, issuer, company(t), jsonLogger(written))
			served := &orders{inHandler: func(context.Context) error { return row.err }}
			opts := server.Options()
			if twice {
				opts = append(opts, opts...)
			}
			conn := testutil.Serve(t, opts, func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, served) })
			ctx := metadata.AppendToOutgoingContext(bearing(t.Context(), "Bearer "+issuer.Mint(good(nil))), "x-request-id", "r-1")
			if err := shapes[shape](ctx, conn); err == nil || strings.Contains(fmt.Sprint(err), secret) {
				t.Errorf("%s, %s: the peer is told %v", name, shape, err)
			}
			got := lines(t, written)
			got = slices.DeleteFunc(got, func(line map[string]any) bool { return line["level"] != "WARN" })
			if len(got) != 1 || strings.Contains(written.String(), secret) {
				t.Fatalf("%s, %s: want one warning without the text, got\n%s", name, shape, written)
			}
			take(got[0], "time", "level")
			want := map[string]any{"msg": "a call to another service was refused", "method": methodOfShape[shape], "request_id": "r-1", "refusal": row.want}
			if diff := cmp.Diff(want, got[0]); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", name, shape, diff)
			}
		}
	}
}

// methodOfShape is what the calls of [shapes] call.
var methodOfShape = map[string]string{"unary": getOrder, "stream": "/acme.orders.v1.OrderStatus/WatchOrderStatus"}

// onwardRow says why a call of order-status to human-resource is not admitted, and
// which code the caller of order-status gets.
type onwardRow struct {
	verb    func(*interceptor.Client) []grpc.DialOption
	prepare func(issuer *testutil.Issuer, token string)
	reason  audience.Reason // for which the human resources refuse it, each time
	wait    time.Duration   // of the handler, before it calls
	both    bool            // the token of alice is for both
	want    codes.Code
}

func asItself(c *interceptor.Client) []grpc.DialOption { return c.DialOptions("human-resource") }
func forAlice(c *interceptor.Client) []grpc.DialOption {
	return c.DialOptionsOnBehalfOf("human-resource")
}

func handOn(c *interceptor.Client) []grpc.DialOption { return c.DialOptionsForward("human-resource") }

// orderStatusAs makes the order status another client of the issuer.
func orderStatusAs(change func(*testutil.Client)) func(*testutil.Issuer, string) {
	return func(issuer *testutil.Issuer, _ string) {
		client := testutil.Client{ID: "order-status", Secret: "orders-secret", Audiences: []string{"human-resource"}, Exchange: true}
		change(&client)
		issuer.Register(client)
	}
}

var onwardRows = map[string]onwardRow{
	// Only the operators of the services can fix these.
	"exchange switched off":    {verb: forAlice, prepare: orderStatusAs(func(c *testutil.Client) { c.Exchange = false }), want: codes.Internal},
	"no such audience":         {verb: forAlice, prepare: orderStatusAs(func(c *testutil.Client) { c.Audiences = nil }), want: codes.Internal},
	"wrong secret":             {verb: forAlice, prepare: orderStatusAs(func(c *testutil.Client) { c.Secret = "other" }), want: codes.Internal},
	"wrong secret, as itself":  {verb: asItself, prepare: orderStatusAs(func(c *testutil.Client) { c.Secret = "other" }), want: codes.Internal},
	"not for the next service": {verb: handOn, want: codes.Internal},
	"another place": {verb: func(c *interceptor.Client) []grpc.DialOption {
		return append(forAlice(c), grpc.WithAuthority("elsewhere.test"), grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{InsecureSkipVerify: true})))
	}, want: codes.Internal},
	"no interceptors":              {verb: func(c *interceptor.Client) []grpc.DialOption { return forAlice(c)[len(forAlice(c))-1:] }, want: codes.Internal},
	"wrong audience":               {verb: forAlice, reason: audience.ReasonAudienceMismatch, want: codes.Internal},
	"invalid":                      {verb: forAlice, reason: audience.ReasonTokenInvalid, want: codes.Internal},
	"service not allowed":          {verb: forAlice, reason: audience.ReasonClientNotAllowed, want: codes.Internal},
	"no rule":                      {verb: forAlice, reason: audience.ReasonNoPolicy, want: codes.Internal},
	"of a newer server":            {verb: forAlice, reason: "TOO_NEW", want: codes.Internal},
	"its own expired":              {verb: asItself, reason: audience.ReasonTokenExpired, want: codes.Internal},
	"its own revoked":              {verb: asItself, reason: audience.ReasonTokenRevoked, want: codes.Internal},
	"its own scope":                {verb: asItself, reason: audience.ReasonScopeInsufficient, want: codes.Internal},
	"its own, a stronger login":    {verb: asItself, reason: audience.ReasonStepUpRequired, want: codes.Internal},
	"for alice, without any proof": {verb: func(c *interceptor.Client) []grpc.DialOption { return nil }, reason: audience.ReasonTokenExpired, want: codes.Internal},
	// Nobody needs to: it is an outage.
	"issuer down":                  {verb: forAlice, prepare: func(i *testutil.Issuer, _ string) { i.Fault(testutil.Token, testutil.RespondStatus(503)) }, want: codes.Unavailable},
	"next service cannot find out": {verb: forAlice, reason: audience.ReasonIssuerUnavailable, want: codes.Unavailable},
	// A new login of Alice fixes these.
	"ended meanwhile":               {verb: forAlice, wait: 5*time.Minute + time.Second, want: codes.Unauthenticated},
	"ended meanwhile, handed on":    {verb: handOn, both: true, wait: 5*time.Minute + time.Second, want: codes.Unauthenticated},
	"revoked at the issuer":         {verb: forAlice, prepare: func(i *testutil.Issuer, token string) { i.Revoke(token) }, want: codes.Unauthenticated},
	"withdrawn further on":          {verb: forAlice, reason: audience.ReasonTokenWithdrawn, want: codes.Unauthenticated},
	"revoked further on":            {verb: forAlice, reason: audience.ReasonTokenRevoked, want: codes.Unauthenticated},
	"revoked further on, handed on": {verb: handOn, both: true, reason: audience.ReasonTokenRevoked, want: codes.Unauthenticated},
	"expired further on":            {verb: forAlice, reason: audience.ReasonTokenExpired, want: codes.Unauthenticated},
	// And these she may not do.
	"role missing further on":   {verb: forAlice, reason: audience.ReasonRoleInsufficient, want: codes.PermissionDenied},
	"scope missing further on":  {verb: forAlice, reason: audience.ReasonScopeInsufficient, want: codes.PermissionDenied},
	"claim further on":          {verb: forAlice, reason: audience.ReasonClaimNotAllowed, want: codes.PermissionDenied},
	"stronger login further on": {verb: forAlice, reason: audience.ReasonStepUpRequired, want: codes.PermissionDenied},
}

// passedOn are ways in which a handler may pass on the error of its call.
var passedOn = map[string]func(error) error{
	"the error":  func(err error) error { return err },
	"its status": func(err error) error { return status.Convert(err).Err() },
}

// TestCodeAfterADownstreamRefusal shows that the caller of a service gets the code
// that tells it what it can do about a refused call of that service to another one: to
// log in again only if that helps. The caller is a front end with a user.
func TestCodeAfterADownstreamRefusal(t *testing.T) {
	for name, row := range onwardRows {
		for how, pass := range passedOn {
			t.Run(name+", "+how, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { row.run(t, pass) }) })
		}
	}
}

func (row onwardRow) run(t *testing.T, pass func(error) error) {
	for shape, call := range shapes {
		issuer := newIssuer()
		g := &gate{script: []audience.Reason{row.reason}, code: codeOfReason(row.reason)}
		client := newClient(t, issuer, company(t, withSecrets(t)), "order-status")
		h := newHop(t, issuer, g.serve(t, row.verb(client)...))
		further := h.orders.inHandler
		h.orders.inHandler = func(ctx context.Context) error {
			time.Sleep(row.wait)
			return pass(further(ctx))
		}
		token := issuer.User("backoffice-portal", "alice", "order-status")
		if row.both {
			token = issuer.Mint(testutil.Claims{
				"aud": []string{"order-status", "human-resource"}, "sub": "alice", "client_id": "backoffice-portal", "exp": time.Now().Add(5 * time.Minute).Unix(),
			})
		}
		if row.prepare != nil {
			row.prepare(issuer, token)
		}
		portal := newClient(t, issuer, company(t, withSecrets(t)), "backoffice-portal")
		ctx, err := portal.ForUser(t.Context(), "corp", oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token}))
		if err != nil {
			t.Fatal(err)
		}
		err = call(ctx, connect(t, issuer, h.orders, portal.DialOptionsForward("order-status")...))
		if got := portal.LoginRequired(err); got != (row.want == codes.Unauthenticated) {
			t.Errorf("%s: LoginRequired(%v) = %v", shape, err, got)
		}
		if got := (verdict{Code: row.want}); verdictOf(err) != got || status.Convert(err).Message() != "a call to another service was not admitted" {
			t.Errorf("%s: %v, want %v", shape, err, row.want)
		}
	}
}

// codeOfReason is the code that a guard refuses with.
func codeOfReason(r audience.Reason) codes.Code {
	switch r.Status() {
	case audience.StatusPermissionDenied:
		return codes.PermissionDenied
	case audience.StatusUnavailable:
		return codes.Unavailable
	default:
		return codes.Unauthenticated
	}
}

// TestRefusalOfAForeignGuardIsNotThePeers shows that a refusal by another kind of
// guard, which has no reason, does not look like a refusal of the peer's token either.
func TestRefusalOfAForeignGuardIsNotThePeers(t *testing.T) {
	issuer := newIssuer()
	client := newClient(t, issuer, company(t, withSecrets(t)), "order-status")
	h := newHop(t, issuer, testutil.Serve(t, []grpc.ServerOption{grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		stream.SetTrailer(metadata.Pairs("www-authenticate", `Bearer realm="x", error="invalid_token"`))
		return status.Error(codes.Unauthenticated, "no")
	})}, func(*grpc.Server) {}, client.DialOptionsOnBehalfOf("human-resource")...))
	for shape, call := range shapes {
		ctx, _ := h.alice(t.Context())
		if err := call(ctx, h.conn); status.Code(err) != codes.Internal {
			t.Errorf("%s: %v, want INTERNAL", shape, err)
		}
	}
}
