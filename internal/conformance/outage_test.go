package conformance_test

import (
	"testing"
	"time"

	"google.golang.org/grpc"
)

// outage stops the provider. Clients with tokens and servers with keys go on; the others
// respond UNAVAILABLE, and recover.
func outage(t *testing.T, c *company) {
	as := c.client(t, "backoffice-portal")
	warm := c.serve(t, "order-status", as.DialOptions("order-status")...)
	if got := getOrderStatus.call(t, warm); got != "admitted" {
		t.Fatalf("before: got %s, want admitted", got)
	}
	tokens, request, err := as.Tokens("order-status")
	if err != nil {
		t.Fatal(err)
	}
	token, err := tokens.Token(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	cold := map[string]attempt{
		"a client without a token": {c.serve(t, "order-status", c.client(t, "backoffice-portal").DialOptions("order-status")...), nil},
		"a server without keys":    {c.serve(t, "order-status"), []grpc.CallOption{bearing(token.Reveal())}},
	}
	t.Run("stopped", func(t *testing.T) {
		c.Stop(t) // until the end of this test
		for _, m := range []method{getOrderStatus, watchOrderStatus} {
			if got := m.call(t, warm); got != "admitted" {
				t.Errorf("warm, %s: got %s, want admitted", m.shape, got)
			}
			for who, a := range cold {
				if got := m.call(t, a.conn, a.opts...); got != "ISSUER_UNAVAILABLE" {
					t.Errorf("%s, %s: got %s, want ISSUER_UNAVAILABLE", who, m.shape, got)
				}
			}
		}
	})
	for who, a := range cold {
		eventually(t, who, func() string { return getOrderStatus.call(t, a.conn, a.opts...) }, "admitted")
	}
}

// An attempt is a way to call order-status.
type attempt struct {
	conn *grpc.ClientConn
	opts []grpc.CallOption
}

// eventually waits until ask returns the wanted result.
func eventually(t *testing.T, who string, ask func() string, want string) {
	t.Helper()
	late := time.NewTimer(2 * time.Minute)
	defer late.Stop()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for got := ask(); got != want; got = ask() {
		select {
		case <-again.C:
		case <-late.C:
			t.Fatalf("%s: still %s, want %s", who, got, want)
		}
	}
}
