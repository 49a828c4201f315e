package interceptor_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestFloodOfRefusalsWritesFewLines shows that 10,000 refusals a second, of whatever
// kinds, cause some lines a second, that these tell of all, and that metrics count
// all. A known client's refusal still has its line.
func TestFloodOfRefusalsWritesFewLines(t *testing.T) {
	address := func(n int) string {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), 1).String()
	}
	for name, flood := range map[string]func(context.Context, int) (context.Context, string){
		"one kind":    func(ctx context.Context, _ int) (context.Context, string) { return from(ctx, address(1)), getOrder },
		"many peers":  func(ctx context.Context, n int) (context.Context, string) { return from(ctx, address(n)), getOrder },
		"many, again": func(ctx context.Context, n int) (context.Context, string) { return from(ctx, address(n%300)), getOrder },
		"methods": func(ctx context.Context, n int) (context.Context, string) {
			return from(ctx, address(n%3)), fmt.Sprint("/acme.orders.v1.OrderStatus/Get", n)
		},
		"no rule": func(ctx context.Context, n int) (context.Context, string) {
			return from(ctx, address(1)), fmt.Sprint("/acme.orders.v1.Stranger/Get", n)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const seconds, rate = 2, 10_000
				issuer, written := newIssuer(), &log{}
				counting, reader := meter(t)
				server := guarded(t, issuer, access.Enforce, jsonLogger(written), counting)
				for n := range seconds * rate {
					ctx, method := flood(t.Context(), n)
					if unary(ctx, server, method) == nil {
						t.Fatal("not refused")
					}
					time.Sleep(time.Second / rate)
				}
				if n := len(lines(t, written)); n < 1 || n > 16+4*seconds+1 {
					t.Errorf("%d lines in %d seconds, want at most %d", n, seconds, 16+4*seconds+1)
				}
				times(t, 1, server, from(t.Context(), address(1), "authorization", "Bearer "+issuer.Mint(good(testutil.Claims{"aud": "x"}))), getOrder)
				if got := lines(t, written); got[len(got)-1]["client"] != "customer-portal" {
					t.Errorf("the last line is %v, want that of the known client", got[len(got)-1])
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if n := len(lines(t, written)); n > 100 {
					t.Errorf("%d lines in the end, want at most 100", n)
				}
				if n := countRefusals(lines(t, written)); n != seconds*rate+1 {
					t.Errorf("%d refusals told, want %d", n, seconds*rate+1)
				}
				counts := 0.0
				for series, n := range counted(t, reader) {
					if strings.HasPrefix(series, "grpcaud.server.decisions ") {
						counts += n
					}
				}
				if counts != seconds*rate+1 {
					t.Errorf("metrics count %v refusals, want %d", counts, seconds*rate+1)
				}
			})
		})
	}
}
