package interceptor_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience/access"
)

// TestRequestIDIsThePeersOrNew shows that the peer of a refused call and the log know it by
// one name: the peer's own, if it is harmless.
func TestRequestIDIsThePeersOrNew(t *testing.T) {
	longest := strings.Repeat("x", 128)
	for name, row := range map[string]struct {
		sent []string
		want string // empty for a new one
	}{
		"one":          {[]string{"9d2f-A.b_c"}, "9d2f-A.b_c"},
		"the longest":  {[]string{longest}, longest},
		"none":         {nil, ""},
		"empty":        {[]string{""}, ""},
		"too long":     {[]string{longest + "x"}, ""},
		"two":          {[]string{"a", "b"}, ""},
		"a space":      {[]string{"a b"}, ""},
		"a quote":      {[]string{`a" msg="call admitted`}, ""},
		"another list": {[]string{"a,b"}, ""},
	} {
		for shape, do := range shapes {
			t.Run(name+"/"+shape, func(t *testing.T) {
				issuer, written := newIssuer(), &log{}
				conn := serveOrders(t, guarded(t, issuer, access.Enforce, jsonLogger(written)))
				ctx := t.Context()
				for _, id := range row.sent {
					ctx = metadata.AppendToOutgoingContext(ctx, "x-request-id", id)
				}
				told := requestID(do(ctx, conn))
				if logged := lines(t, written)[0]["request_id"]; logged != told || told == "" {
					t.Errorf("logged as %q, told as %q, want one name", logged, told)
				}
				if (row.want == "" && (len(told) < 20 || slices.Contains(row.sent, told))) || (row.want != "" && told != row.want) {
					t.Errorf("request id of %q = %q, want %q", row.sent, told, row.want)
				}
			})
		}
	}
}

// TestRequestIDOfAdmitted shows that admitted calls are logged by their peers'
// names for them, and get none otherwise.
func TestRequestIDOfAdmitted(t *testing.T) {
	issuer, written := newIssuer(), &log{}
	conn := serveOrders(t, guarded(t, issuer, access.Enforce, jsonLogger(written)))
	ctx := bearing(t.Context(), "Bearer "+issuer.Mint(good(nil)))
	for _, ctx := range []context.Context{metadata.AppendToOutgoingContext(ctx, "x-request-id", "r-1"), ctx} {
		if err := shapes["unary"](ctx, conn); err != nil {
			t.Fatal(err)
		}
	}
	if got := lines(t, written); got[0]["request_id"] != "r-1" || got[1]["request_id"] != "" {
		t.Errorf("logged as %q and %q, want %q and nothing", got[0]["request_id"], got[1]["request_id"], "r-1")
	}
}

// requestID returns the name of the call in a refusal.
func requestID(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetMetadata()["request_id"]
		}
	}
	return ""
}
