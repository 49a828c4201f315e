package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

func TestReasonOf(t *testing.T) {
	of := func(domain, reason string) error {
		st, err := status.New(codes.Unauthenticated, "x").WithDetails(&errdetails.RetryInfo{}, &errdetails.ErrorInfo{Domain: domain, Reason: reason})
		if err != nil {
			t.Fatal(err)
		}
		return st.Err()
	}
	expired := of(interceptor.Domain, "TOKEN_EXPIRED")
	for name, row := range map[string]struct {
		err  error
		want audience.Reason // empty for none
	}{
		"no error":                {nil, ""},
		"no status":               {errors.New("TOKEN_EXPIRED"), ""},
		"a status without detail": {status.Error(codes.Unauthenticated, "TOKEN_EXPIRED"), ""},
		"another's":               {of("example.com", "TOKEN_EXPIRED"), ""},
		"ours":                    {expired, audience.ReasonTokenExpired},
		"wrapped":                 {fmt.Errorf("orders: %w", fmt.Errorf("get: %w", expired)), audience.ReasonTokenExpired},
		"joined":                  {errors.Join(errors.New("x"), expired), audience.ReasonTokenExpired},
		"of a newer server":       {of(interceptor.Domain, "TOO_NEW"), "TOO_NEW"},
	} {
		if got, ok := interceptor.ReasonOf(row.err); got != row.want || ok != (row.want != "") {
			t.Errorf("%s: ReasonOf = %q, %t, want %q", name, got, ok, row.want)
		}
	}
}

// TestReasonOfCalls shows that clients find the reason in the errors of calls
// that a server refused, and of those that were never sent.
func TestReasonOfCalls(t *testing.T) {
	issuer := newIssuer()
	conn := serveOrders(t, guarded(t, issuer, access.Enforce))
	none := tokensource.Func(func(context.Context, tokensource.Request) (tokensource.Token, error) {
		return tokensource.Token{}, errors.New("refused")
	})
	for shape, do := range shapes {
		for want, opt := range map[audience.Reason]grpc.CallOption{
			audience.ReasonCredentialsMissing: grpc.EmptyCallOption{},
			audience.ReasonTokenInvalid:       grpc.PerRPCCredentials(interceptor.AsService(fixed("a.b.c"), "order-status")),
			"TOKEN_NOT_OBTAINED":              grpc.PerRPCCredentials(interceptor.AsService(none, "order-status")),
		} {
			if got, _ := interceptor.ReasonOf(do(t.Context(), conn, opt)); got != want {
				t.Errorf("%s: ReasonOf = %q, want %q", shape, got, want)
			}
		}
	}
}

// TestPeerReadsAFixedPhrase shows for each refusal that the peer gets a fixed phrase,
// and nothing of the operator's text.
func TestPeerReadsAFixedPhrase(t *testing.T) {
	const secret = "s3cret"
	beneath := fmt.Errorf("https://%s.example: %w", secret, context.DeadlineExceeded)
	refusal := func(cause audience.Cause) error {
		return fmt.Errorf("%s: %w", secret, &audience.Refusal{Cause: cause, Want: secret, Got: secret, Hint: secret, Err: errors.New(secret), RetryAfter: 3 * time.Second})
	}
	for name, row := range map[string]struct {
		err    error
		code   codes.Code
		reason audience.Reason
		retry  time.Duration // -1 for none
	}{
		"token":        {refusal(audience.CauseSignatureInvalid), codes.Unauthenticated, audience.ReasonTokenInvalid, 3 * time.Second},
		"audience":     {refusal(audience.CauseAudienceMismatch), codes.Unauthenticated, audience.ReasonAudienceMismatch, 3 * time.Second},
		"client":       {refusal(audience.CauseClientNotAllowed), codes.PermissionDenied, audience.ReasonClientNotAllowed, 3 * time.Second},
		"outage":       {refusal(audience.CauseKeysUnavailable), codes.Unavailable, audience.ReasonIssuerUnavailable, 3 * time.Second},
		"deadline":     {beneath, codes.DeadlineExceeded, "", -1},
		"cancelled":    {fmt.Errorf("%s: %w", secret, context.Canceled), codes.Canceled, "", -1},
		"deadline met": {&audience.Refusal{Cause: audience.CauseKeysUnavailable, Err: beneath}, codes.Unavailable, audience.ReasonIssuerUnavailable, -1},
		"unknown":      {errors.New(secret), codes.Unavailable, audience.ReasonIssuerUnavailable, -1},
	} {
		t.Run(name, func(t *testing.T) {
			st := interceptor.StatusOf(row.err, "r-1")
			if got, want := verdictOf(st.Err()), (verdict{row.code, row.reason}); got != want {
				t.Errorf("verdict %v, want %v", got, want)
			}
			if text := st.Proto().String(); strings.Contains(text, secret) {
				t.Errorf("the peer is told %s", text)
			}
			if got, want := requestID(st.Err()) == "r-1", row.reason != ""; got != want {
				t.Errorf("request id is told: %t, want %t", got, want)
			}
			if got := retryDelay(st); got != row.retry {
				t.Errorf("retry after %v, want %v", got, row.retry)
			}
		})
	}
}

// TestPeerIsToldWhenToRetry shows that a peer is told when to come again where that helps,
// and only there.
func TestPeerIsToldWhenToRetry(t *testing.T) {
	w := newWorld(t)
	for shape, call := range shapes {
		if retryDelay(status.Convert(call(t.Context(), w.conn))) != -1 {
			t.Errorf("%s, no token: told to try again", shape)
		}
	}
	w.issuer.Down()
	for shape, call := range shapes {
		err := call(bearing(t.Context(), "Bearer "+w.issuer.Mint(good(nil))), w.conn)
		if wait := retryDelay(status.Convert(err)); wait <= 0 {
			t.Errorf("%s, issuer down: %v, want a time to try again", shape, err)
		}
	}
}

// TestHandlersOwnErrorsAreUnchanged shows that an error which is no refusal of ours reaches
// the peer as the handler gave it.
func TestHandlersOwnErrorsAreUnchanged(t *testing.T) {
	foreign, err := status.New(codes.Unauthenticated, "theirs").WithDetails(&errdetails.ErrorInfo{Reason: "R", Domain: "example.com"})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	for name, given := range map[string]error{
		"a status":         status.Error(codes.NotFound, "no such order"),
		"another's detail": foreign.Err(),
		"no status":        errors.New("no status"),
	} {
		w.orders.inHandler = func(context.Context) error { return given }
		for shape, call := range shapes {
			got := status.Convert(call(bearing(t.Context(), "Bearer "+w.issuer.Mint(good(nil))), w.conn))
			if want := status.Convert(given); got.Code() != want.Code() || got.Message() != want.Message() || len(got.Details()) != len(want.Details()) {
				t.Errorf("%s, %s: %v, want %v", name, shape, got, want)
			}
		}
	}
}

// retryDelay returns when the peer may try again, -1 if it is not told.
func retryDelay(st *status.Status) time.Duration {
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return -1
}

// TestCallThatEndsWhileJudgedIsNotRefused shows that a call which ends while its token
// is judged is told that, and nothing about the token.
func TestCallThatEndsWhileJudgedIsNotRefused(t *testing.T) {
	issuer := newIssuer()
	issuer.Fault(testutil.Discovery, testutil.RespondNever())
	server := newServer(t, issuer, io.Discard, "order-status")
	ctx, cancel := context.WithCancel(incoming(t.Context(), "Bearer "+issuer.Mint(good(nil))))
	cancel()
	if got, want := verdictOf(unary(ctx, server, "/acme.orders.v1.OrderStatus/GetOrderStatus")), (verdict{Code: codes.Canceled}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}
