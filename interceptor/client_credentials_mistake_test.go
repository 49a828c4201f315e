package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// failing returns a source that always fails with this error.
func failing(err error) tokensource.Source {
	return tokensource.Func(func(context.Context, tokensource.Request) (tokensource.Token, error) {
		return tokensource.Token{}, err
	})
}

// TestCodeOfTokenErrors shows the status code for each error of a token source.
func TestCodeOfTokenErrors(t *testing.T) {
	w := newWorld(t)
	for _, row := range []struct {
		err  error
		want codes.Code
	}{
		{fmt.Errorf("%w: %w", tokensource.ErrUnavailable, context.DeadlineExceeded), codes.Unavailable},
		{tokensource.ErrClosed, codes.Unavailable},
		{fmt.Errorf("asking: %w", context.Canceled), codes.Canceled},
		{fmt.Errorf("asking: %w", context.DeadlineExceeded), codes.DeadlineExceeded},
		{errors.New("invalid_client"), codes.Unauthenticated},
	} {
		for shape, call := range shapes {
			err := call(t.Context(), w.conn, grpc.PerRPCCredentials(interceptor.AsService(failing(row.err), "order-status")))
			if got := status.Code(err); got != row.want {
				t.Errorf("%v, %s: %v, want %v", row.err, shape, got, row.want)
			}
		}
	}
}

// TestMistakenCredentialsFailBeforeATokenIsRequested shows that credentials made
// with a mistake, or used without an admitted caller, request no token and say what
// is wrong.
func TestMistakenCredentialsFailBeforeATokenIsRequested(t *testing.T) {
	w := newWorld(t)
	asked := tokensource.Func(func(context.Context, tokensource.Request) (tokensource.Token, error) {
		t.Error("a token was asked for")
		return tokensource.Token{}, nil
	})
	for want, creds := range map[string]credentials.PerRPCCredentials{
		"no source of tokens":    interceptor.AsService(nil, "order-status"),
		`"a b" is not one scope`: interceptor.AsService(asked, "order-status", interceptor.Scopes("a b")),
		`"" is not one scope`:    interceptor.AsService(asked, "order-status", interceptor.Scopes("a", "")),
		"empty audience":         interceptor.AsService(asked, ""),
		"a mesh without":         interceptor.AsService(asked, "order-status", interceptor.AllowPlaintext(interceptor.Mesh(""))),
		"mesh without":           interceptor.OnBehalfOf(asked, "order-status", interceptor.Actor(asked, "corp"), interceptor.AllowPlaintext(interceptor.Mesh(" "))),
		"no admitted caller":     interceptor.OnBehalfOf(asked, "human-resource"),
	} {
		for shape, call := range shapes {
			if err := call(t.Context(), w.conn, grpc.PerRPCCredentials(creds)); !strings.Contains(fmt.Sprint(err), want) {
				t.Errorf("%s: %v, want an error that says %q", shape, err, want)
			}
		}
	}
}

// TestScopesAddUp shows that each use of the option Scopes adds to the scopes that
// are requested.
func TestScopesAddUp(t *testing.T) {
	w := newWorld(t)
	var got []tokensource.Request
	tokens := tokensource.Func(func(_ context.Context, r tokensource.Request) (tokensource.Token, error) {
		got = append(got, r)
		return tokensource.NewToken(w.issuer.Mint(good(nil)), time.Time{}), nil
	})
	creds := interceptor.AsService(tokens, "order-status", interceptor.Scopes("a", "b"), interceptor.Scopes("c"))
	if err := shapes["unary"](t.Context(), w.conn, grpc.PerRPCCredentials(creds)); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Audience != "order-status" || got[0].Scope != "a b c" {
		t.Errorf("requests = %+v, want one for order-status with a b c", got)
	}
}

// TestExpiredTokenIsNotForwarded shows that a token is not passed on after it has
// expired, although the leeway admitted it here.
func TestExpiredTokenIsNotForwarded(t *testing.T) {
	w := newWorld(t)
	var forwarded error
	w.orders.inHandler = func(ctx context.Context) error {
		_, forwarded = hrv1.NewHumanResourceClient(w.conn).GetEmployee(ctx, &hrv1.GetEmployeeRequest{},
			grpc.PerRPCCredentials(interceptor.Forward("human-resource")))
		return nil
	}
	token := w.issuer.Mint(good(testutil.Claims{
		"client_id": "backoffice-portal", "aud": []string{"order-status", "human-resource"}, "exp": time.Now().Add(-10 * time.Second).Unix(),
	}))
	for shape, call := range shapes {
		if err := call(bearing(t.Context(), "Bearer "+token), w.conn); err != nil {
			t.Fatalf("%s: %v", shape, err)
		}
		if !strings.Contains(fmt.Sprint(forwarded), "the caller's token has expired") {
			t.Errorf("%s: %v, want it expired", shape, forwarded)
		}
	}
}
