package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/examples/portals/internal/webtest"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// start runs the portals on free ports until the test ends.
func start(t *testing.T) *portals {
	t.Helper()
	return startAt(t, provider{})
}

// startAt runs the portals with a real authorization server.
func startAt(t *testing.T, at provider) *portals {
	t.Helper()
	const free = "127.0.0.1:0"
	p, err := open(config{customerAddr: free, backofficeAddr: free, loginAddr: free, night: time.Millisecond, provider: at}, slog.DiscardHandler)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve = %v", err)
		}
		if err := p.close(); err != nil {
			t.Errorf("close = %v", err)
		}
	})
	return p
}

func (p *portals) customer() string { return p.all[0].site.Origin }

func (p *portals) backoffice() string { return p.all[1].site.Origin }

// enter signs a user in at a portal, and returns the start page.
func enter(t *testing.T, b *webtest.Browser, portal, user string) webtest.Page {
	t.Helper()
	page := b.Submit(b.Open(portal+"/signin"), "", url.Values{"user": {user}, "password": {password}})
	if got := page.URL.Scheme + "://" + page.URL.Host; got != portal || page.Status != 200 {
		t.Fatalf("after the sign-in of %s: got %d at %s, want 200 at %s; page:\n%s", user, page.Status, page.URL, portal, page.Shown())
	}
	return page
}

func checkShows(t *testing.T, p webtest.Page, status int, texts ...string) {
	t.Helper()
	if p.Status != status {
		t.Errorf("%s: got status %d, want %d", p.URL, p.Status, status)
	}
	for _, text := range texts {
		if !strings.Contains(p.Shown(), text) {
			t.Errorf("%s: no %q in: %s", p.URL, text, p.Shown())
		}
	}
}

// withCookies returns a request with the cookies that a browser has for a portal.
func withCookies(b *webtest.Browser, portal string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, portal, nil)
	const session = "__Host-session"
	r.AddCookie(&http.Cookie{Name: session, Value: b.Cookie(portal, session)})
	return r
}

// watch opens a stream of order-status with a token.
func watch(t *testing.T, p *portals, token, order string) grpc.ServerStreamingClient[ordersv1.WatchOrderStatusResponse] {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	stream, err := ordersv1.NewOrderStatusClient(p.company.Orders.Conn).WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{OrderId: order})
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func checkRevoked(t *testing.T, err error) {
	t.Helper()
	if reason, _ := interceptor.ReasonOf(err); reason != audience.ReasonTokenRevoked {
		t.Errorf("got %v, want %s", err, audience.ReasonTokenRevoked)
	}
}
