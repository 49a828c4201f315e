package conformance_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
)

// rotation has the provider sign with another key while calls go on, with tokens
// from before and with the newest.
func rotation(t *testing.T, c *company) {
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	var load sync.WaitGroup
	defer load.Wait()
	defer stop()
	conn, calls, first := c.serve(t, "order-status"), make(chan string), c.mint(ctx, t)
	for _, m := range []method{getOrderStatus, watchOrderStatus} {
		load.Go(func() {
			for ctx.Err() == nil {
				c.twice(ctx, t, conn, m, first, calls)
			}
		})
	}
	const enough = 5
	before := kidOf(t, first)
	seen := map[bool]int{} // by whether the key is the new one
	for seen[true] < enough {
		select {
		case kid := <-calls:
			seen[kid != before]++
		case <-ctx.Done():
			t.Fatalf("%d calls before the rotation, %d after it", seen[false], seen[true])
		}
		if seen[false] == enough && seen[true] == 0 {
			if err := c.Rotate(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// twice calls with an old token and with a new one, and tells the key of the
// latter.
func (c *company) twice(ctx context.Context, t *testing.T, conn *grpc.ClientConn, m method, old string, calls chan<- string) {
	fresh := c.mint(ctx, t)
	if fresh == "" {
		return
	}
	for which, token := range map[string]string{"an old": old, "a new": fresh} {
		if err := m.try(ctx, conn, bearing(token)); err != nil && ctx.Err() == nil {
			t.Errorf("%s with %s token: %v", m.full, which, err)
		}
	}
	select {
	case calls <- kidOf(t, fresh):
	case <-ctx.Done():
	}
}

// mint returns a token that the provider has just made; empty if ctx ended.
func (c *company) mint(ctx context.Context, t *testing.T) string {
	as := c.client(t, "backoffice-portal")
	defer as.Close()
	tokens, request, err := as.Tokens("order-status")
	if err != nil {
		t.Error(err)
		return ""
	}
	token, err := tokens.Token(ctx, request)
	if err != nil && ctx.Err() == nil {
		t.Errorf("no token during a rotation: %v", err)
	}
	return token.Reveal()
}

func kidOf(t *testing.T, token string) string {
	kid, _ := part(t, token, 0)["kid"].(string)
	return kid
}
