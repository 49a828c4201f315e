package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// good are the claims of a token with which the customer portal may ask for an
// order.
func good(changes testutil.Claims) testutil.Claims {
	claims := testutil.Claims{"aud": "order-status", "sub": "alice", "client_id": "customer-portal", "scope": "orders.read"}
	maps.Copy(claims, changes)
	return claims
}

// TestEachReasonRefusesUnaryAndStreamingCalls shows that each reason refuses unary and
// streaming calls alike, and that the peer learns only the reason.
func TestEachReasonRefusesUnaryAndStreamingCalls(t *testing.T) {
	var (
		missing   = verdict{codes.Unauthenticated, audience.ReasonCredentialsMissing}
		malformed = verdict{codes.Unauthenticated, audience.ReasonCredentialsMalformed}
		invalid   = verdict{codes.Unauthenticated, audience.ReasonTokenInvalid}
		mismatch  = verdict{codes.Unauthenticated, audience.ReasonAudienceMismatch}
		expired   = verdict{codes.Unauthenticated, audience.ReasonTokenExpired}
		client    = verdict{codes.PermissionDenied, audience.ReasonClientNotAllowed}
		scope     = verdict{codes.PermissionDenied, audience.ReasonScopeInsufficient}
	)
	w := newWorld(t)
	stranger := testutil.NewKey("ES256")
	elsewhere := testutil.NewIssuer("https://login.partner.example")
	token := w.issuer.Mint(good(nil))
	mint := func(changes testutil.Claims, opts ...testutil.MintOption) []string {
		return []string{"Bearer " + w.issuer.Mint(good(changes), opts...)}
	}
	for _, row := range []struct {
		name   string
		values []string
		want   verdict
		cause  audience.Cause
	}{
		{"no authorization", nil, missing, audience.CauseCredentialsMissing},
		{"another scheme", []string{"Basic YTpi"}, missing, audience.CauseSchemeUnsupported},
		{"no scheme", []string{token}, missing, audience.CauseSchemeUnsupported},
		{"empty", []string{""}, missing, audience.CauseSchemeUnsupported},
		{"no token", []string{"Bearer"}, malformed, audience.CauseCredentialsMalformed},
		{"only spaces", []string{"Bearer  "}, malformed, audience.CauseCredentialsMalformed},
		{"only padding", []string{"Bearer =="}, malformed, audience.CauseCredentialsMalformed},
		{"two in one", []string{"Bearer " + token + ", Bearer " + token}, malformed, audience.CauseCredentialsMalformed},
		{"the same twice", []string{"Bearer " + token, "Bearer " + token}, malformed, audience.CauseCredentialsRepeated},
		{"another after it", []string{"Bearer " + token, "Basic YTpi"}, malformed, audience.CauseCredentialsRepeated},
		{"too large", []string{"Bearer " + token + strings.Repeat("A", 16<<10)}, malformed, audience.CauseTokenTooLarge},
		{"not a JWT", []string{"Bearer b7c9d2"}, invalid, audience.CauseTokenMalformed},
		{"alg none", mint(nil, testutil.Header("alg", "none")), invalid, audience.CauseAlgorithmNotAllowed},
		{"another type", mint(nil, testutil.Header("typ", "logout+jwt")), invalid, audience.CauseTypeNotAllowed},
		{"another issuer", []string{"Bearer " + elsewhere.Mint(good(nil))}, invalid, audience.CauseIssuerUnknown},
		{"stranger's key", mint(nil, testutil.SignedBy(stranger)), invalid, audience.CauseKeyUnknown},
		{"forged", mint(nil, testutil.SignedBy(stranger), testutil.Header("kid", kid(w.issuer))), invalid, audience.CauseSignatureInvalid},
		{"claims malformed", mint(testutil.Claims{"exp": "soon"}), invalid, audience.CauseClaimsMalformed},
		{"claim missing", mint(testutil.Claims{"jti": nil}), invalid, audience.CauseClaimMissing},
		{"two clients", mint(testutil.Claims{"azp": "backoffice-portal"}), invalid, audience.CauseClientAmbiguous},
		{"wrong audience", mint(testutil.Claims{"aud": "human-resource"}), mismatch, audience.CauseAudienceMismatch},
		{"no audience", mint(testutil.Claims{"aud": nil}), mismatch, audience.CauseAudienceMissing},
		{"expired", mint(testutil.Claims{"exp": time.Now().Add(-time.Minute).Unix()}), expired, audience.CauseExpired},
		{"not yet", mint(testutil.Claims{"nbf": time.Now().Add(time.Minute).Unix()}), invalid, audience.CauseNotYetValid},
		{"too long", mint(testutil.Claims{"exp": time.Now().Add(48 * time.Hour).Unix()}), invalid, audience.CauseLifetimeTooLong},
		{"wrong client", mint(testutil.Claims{"client_id": "newsletter"}), client, audience.CauseClientNotAllowed},
		{"no scope", mint(testutil.Claims{"scope": nil}), scope, audience.CauseScopeMissing},
	} {
		for shape, call := range shapes {
			t.Run(row.name+"/"+shape, func(t *testing.T) {
				logged := len(w.log.String())
				var header, trailer metadata.MD
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				err := call(bearing(ctx, row.values...), w.conn, grpc.Header(&header), grpc.Trailer(&trailer))
				if diff := cmp.Diff(row.want, verdictOf(err)); diff != "" {
					t.Errorf("verdict (-want +got):\n%s", diff)
				}
				line := w.log.String()[logged:]
				if !strings.Contains(line, "cause="+string(row.cause)) {
					t.Errorf("log = %q, want cause %s", line, string(row.cause))
				}
				if got := status.Convert(err).Message(); got != row.want.Reason.Phrase() {
					t.Errorf("message = %q, want %q", got, row.want.Reason.Phrase())
				}
				if got, want := fmt.Sprint(trailer.Get("www-authenticate")), row.want.Reason.Challenge(); !strings.HasPrefix(got, "[Bearer realm=") || !strings.Contains(got, want) {
					t.Errorf("challenge = %s, want one with %q", got, want)
				}
				secrets := append(row.values, token)
				secretless(t, "log", line, secrets...)
				secretless(t, "peer", fmt.Sprintf("%v %v %v %v", err, status.Convert(err).Details(), header, trailer), append(secrets, "https://idp.example.com/realms/corp")...)
			})
		}
	}
	if n := len(w.orders.callers); n != 0 {
		t.Errorf("%d refused calls reached the handler", n)
	}
}

func kid(issuer *testutil.Issuer) string { return issuer.Rotate("ES256").ID() }

func TestGoodCallsAreAdmitted(t *testing.T) {
	w := newWorld(t)
	token := w.issuer.Mint(good(testutil.Claims{"act": testutil.Claims{"sub": "customer-portal"}}))
	for _, spelling := range []string{"Bearer " + token, "bearer " + token, "BEARER   " + token} {
		for shape, call := range shapes {
			w.orders.callers = nil
			if err := call(bearing(t.Context(), spelling), w.conn); err != nil {
				t.Errorf("%s, %.8q: %v", shape, spelling, err)
				continue
			}
			want := audience.Caller{
				Issuer: corp, Client: "customer-portal", User: "alice", Chain: []string{"customer-portal"},
				Scopes: []string{"orders.read"}, Audience: []string{"order-status"}, Expiry: w.orders.callers[0].Expiry,
			}
			if diff := cmp.Diff(want, w.orders.callers[0], cmpopts.IgnoreUnexported(audience.Caller{})); diff != "" {
				t.Errorf("%s: caller (-want +got):\n%s", shape, diff)
			}
		}
	}
	if !strings.Contains(w.log.String(), "client=customer-portal user=alice") {
		t.Errorf("the log does not name the caller: %s", w.log)
	}
	secretless(t, "log", w.log.String(), token)
}

// TestTokenOfOneServiceIsRefusedByAnother shows that each of two services on one
// server accepts only its own audience, and that a bidirectional call is judged like
// the others.
func TestTokenOfOneServiceIsRefusedByAnother(t *testing.T) {
	w := newWorld(t)
	review := func(aud string) error {
		ctx := bearing(t.Context(), "Bearer "+w.issuer.Mint(good(testutil.Claims{"aud": aud, "client_id": "backoffice-portal"})))
		stream, err := hrv1.NewHumanResourceClient(w.conn).ReviewEmployees(ctx)
		if err != nil {
			return err
		}
		_ = stream.Send(&hrv1.ReviewEmployeesRequest{EmployeeId: "e-1"}) // its error is that of Recv
		_, err = stream.Recv()
		return err
	}
	if err := review("human-resource"); err != nil {
		t.Errorf("its own audience: %v", err)
	}
	if got, want := verdictOf(review("order-status")), (verdict{codes.Unauthenticated, audience.ReasonAudienceMismatch}); got != want {
		t.Errorf("the neighbour's audience: %v, want %v", got, want)
	}
}

// TestOutageOfTheIssuerMakesNoTokenBad shows that an issuer that cannot be asked makes
// no token bad.
func TestOutageOfTheIssuerMakesNoTokenBad(t *testing.T) {
	w := newWorld(t)
	w.issuer.Down()
	for shape, call := range shapes {
		var trailer metadata.MD
		err := call(bearing(t.Context(), "Bearer "+w.issuer.Mint(good(nil))), w.conn, grpc.Trailer(&trailer))
		if got, want := verdictOf(err), (verdict{codes.Unavailable, audience.ReasonIssuerUnavailable}); got != want {
			t.Errorf("%s: %v, want %v", shape, got, want)
		}
		if len(trailer.Get("www-authenticate")) != 0 {
			t.Errorf("%s: a challenge, though other credentials would not help", shape)
		}
	}
}

// TestMethodWithoutARuleIsRefused shows that a method without a rule is refused, and is an
// error before the server serves.
func TestMethodWithoutARuleIsRefused(t *testing.T) {
	issuer := newIssuer()
	server := newServer(t, issuer, io.Discard, "order-status")
	conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) {
		hrv1.RegisterHumanResourceServer(s, humanResource{})
		ordersv1.RegisterOrderStatusServer(s, &orders{})
		if err := server.CheckCoverage(s); err == nil || !strings.Contains(err.Error(), "/acme.hr.v1.HumanResource/ReviewEmployees belongs to service \"human-resource\"") {
			t.Errorf("CheckCoverage = %v, want it to name the methods without a rule", err)
		}
	})
	ctx := bearing(t.Context(), "Bearer "+issuer.Mint(good(testutil.Claims{"aud": "human-resource", "client_id": "backoffice-portal"})))
	_, unary := hrv1.NewHumanResourceClient(conn).GetEmployee(ctx, &hrv1.GetEmployeeRequest{})
	stream, err := hrv1.NewHumanResourceClient(conn).ReviewEmployees(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, streaming := stream.Recv()
	for shape, err := range map[string]error{"unary": unary, "stream": streaming} {
		if got, want := verdictOf(err), (verdict{codes.PermissionDenied, audience.ReasonNoPolicy}); got != want {
			t.Errorf("%s: %v, want %v", shape, got, want)
		}
	}
}

// TestTokenInPlaintextIsRefused shows that a token which others could read is not
// verified, unless an option allows that.
func TestTokenInPlaintextIsRefused(t *testing.T) {
	issuer := newIssuer()
	token := issuer.Mint(good(nil))
	serve := func(opts ...interceptor.ServerOption) *grpc.ClientConn {
		server, err := interceptor.NewServer(company(t), interceptor.Services("order-status"), append(opts, interceptor.Transport(issuer.Transport()))...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Close() })
		return testutil.Serve(t, append(server.Options(), grpc.Creds(insecure.NewCredentials())),
			func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, &orders{}) },
			grpc.WithTransportCredentials(insecure.NewCredentials()))
	}
	strict, notLoopback := serve(), serve(interceptor.AllowPlaintext(interceptor.Loopback))
	for shape, call := range shapes {
		for name, conn := range map[string]*grpc.ClientConn{"strict": strict, "loopback allowed, but in memory": notLoopback} {
			err := call(bearing(t.Context(), "Bearer "+token), conn)
			if got, want := verdictOf(err), (verdict{codes.Unauthenticated, audience.ReasonTransportInsecure}); got != want {
				t.Errorf("%s, %s: %v, want %v", name, shape, got, want)
			}
		}
	}
	if n := issuer.Requests(testutil.JWKS); n != 0 {
		t.Errorf("the issuer was asked %d times", n)
	}
	if _, err := interceptor.NewServer(company(t), interceptor.Services("order-status"), interceptor.AllowPlaintext(interceptor.Mesh(""))); err == nil {
		t.Error("AllowPlaintext takes any name")
	}
}

func TestNewServerRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		policy   *access.Policy
		services interceptor.ServiceNames
		want     string
	}{
		"no policy":       {nil, interceptor.Services("order-status"), "load one with policyfile.Load"},
		"nil services":    {company(t), nil, `pass Services with those of the matrix that this server hosts, of ["human-resource" "order-status"]`},
		"no services":     {company(t), interceptor.Services(), "pass Services"},
		"unknown service": {company(t), interceptor.Services("orders"), `no service "orders"`},
		"a service twice": {company(t), interceptor.Services("order-status", "order-status"), "order-status"},
	} {
		if _, err := interceptor.NewServer(row.policy, row.services); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
	}
}

// TestCloseEndsTheVerifier shows that Close also closes the verifier.
func TestCloseEndsTheVerifier(t *testing.T) {
	w := newWorld(t)
	w.server.Close()
	for shape, call := range shapes {
		err := call(bearing(t.Context(), "Bearer "+w.issuer.Mint(good(nil))), w.conn)
		if got, want := verdictOf(err), (verdict{codes.Unavailable, audience.ReasonIssuerUnavailable}); got != want {
			t.Errorf("%s: %v, want %v", shape, got, want)
		}
	}
	if n := w.issuer.Requests(testutil.Discovery); n != 0 {
		t.Errorf("the issuer was asked %d times", n)
	}
}

// TestClosedServersLeaveNoGoroutine shows that a server which is closed has no goroutine
// left; synctest would see it.
func TestClosedServersLeaveNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy, issuer := company(t), newIssuer()
		for range 1000 {
			server, err := interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.Transport(issuer.Transport()),
				interceptor.Revocations(revocation.NewList(1)), interceptor.Logger(slog.New(slog.DiscardHandler)))
			if err != nil {
				t.Fatal(err)
			}
			server.ReportHealth(t.Context(), health.NewServer())
			if err := errors.Join(server.Close(), server.Close()); err != nil {
				t.Error(err)
			}
		}
	})
}
