package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// TestOnwardRefusalIsLogged holds that a refusal which a handler met further on,
// and which its peer is not told, is found in the log: once, by both ids, and
// without its text.
func TestOnwardRefusalIsLogged(t *testing.T) {
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
