package interceptor_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// accessYAML is the part of the company's matrix that [TestServerAndClientFollowTheirFile] changes.
const accessYAML = `version: 1
issuers: {corp: {url: "https://idp.example.com/realms/corp"}}
services:
  order-status:
    grpc: [acme.orders.v1.OrderStatus]
    allow:
    - {clients: [customer-portal], methods: ["*"], scopes: [orders.read]}
clients: {customer-portal: {secret: {env: PORTAL_SECRET}}, backoffice-portal: {}}
`

// followed is a server and a client that follow one file.
type followed struct {
	path    string
	issuer  *testutil.Issuer
	server  *interceptor.Server
	bare    *grpc.ClientConn // without tokens of its own
	portal  *grpc.ClientConn // of the customer portal
	mu      sync.Mutex       // guards figures
	figures policyfile.Stats
}

func follow(t *testing.T) *followed {
	f := &followed{path: filepath.Join(t.TempDir(), "access.yaml"), issuer: newIssuer()}
	t.Setenv("PORTAL_SECRET", "customer-secret")
	f.write(t, "", "")
	policy, err := policyfile.Load(f.path)
	if err != nil {
		t.Fatal(err)
	}
	silent := slog.New(slog.DiscardHandler)
	f.server = serverOf(t, f.issuer, policy)
	client, err := interceptor.NewClient(policy, "customer-portal", interceptor.Transport(f.issuer.Transport()), interceptor.Logger(silent))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	register := func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, &orders{})
		if err := f.server.CheckCoverage(s); err != nil {
			t.Error(err)
		}
	}
	f.bare = testutil.Serve(t, f.server.Options(), register)
	f.portal = testutil.Serve(t, f.server.Options(), register, client.DialOptions("order-status")...)
	ctx, cancel := context.WithCancel(t.Context())
	var watches sync.WaitGroup
	watches.Go(func() {
		policyfile.Watch(ctx, f.path, f.server.Swap, policyfile.WatchLogger(silent), policyfile.WatchReport(f.report))
	})
	watches.Go(func() { policyfile.Watch(ctx, f.path, client.Swap, policyfile.WatchLogger(silent)) })
	t.Cleanup(func() { cancel(); watches.Wait() })
	return f
}

func (f *followed) report(figures policyfile.Stats) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.figures = figures
}

// write replaces the file by one in which old is text, and lets it be seen.
func (f *followed) write(t *testing.T, old, text string) {
	t.Helper()
	if err := os.WriteFile(f.path+".new", []byte(strings.Replace(accessYAML, old, text, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(f.path+".new", f.path); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * time.Second)
}

// load calls without a pause worth the name until the test ends: as the client
// whom all versions of the file allow, and with a token that none allows.
func (f *followed) load(t *testing.T) {
	done := make(chan struct{})
	var callers sync.WaitGroup
	never := f.issuer.Mint(good(testutil.Claims{"aud": "human-resource"}))
	for shape, call := range shapes {
		callers.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(20 * time.Millisecond):
				}
				if err := call(t.Context(), f.portal); err != nil {
					t.Errorf("%s: allowed by all: %v", shape, err)
				}
				if got := verdictOf(call(bearing(t.Context(), "Bearer "+never), f.bare)).Reason; got != audience.ReasonAudienceMismatch {
					t.Errorf("%s: allowed by none: %q", shape, got)
				}
			}
		})
	}
	t.Cleanup(func() { close(done); callers.Wait() })
}

// TestServerAndClientFollowTheirFile shows that a server and a client follow their
// file: whom all its versions allow is never refused, whom none allows is never
// admitted, the others as the last good version says. A file that is broken, or that
// does not fit, is told and changes nothing, readiness included.
func TestServerAndClientFollowTheirFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t)
		f.load(t)
		for _, row := range []struct {
			name, old, text string
			good            bool
			backoffice      audience.Reason
		}{
			{"as it was", "", "", true, audience.ReasonClientNotAllowed},
			{"a client more", "[customer-portal]", "[customer-portal, backoffice-portal]", true, ""},
			{"broken", "allow:", "allow", false, ""},
			{"not covering", `["*"]`, "[GetOrderStatus]", false, ""},
			{"without the service", "order-status:", "orders:", false, ""},
			{"as it was again", "", "", true, audience.ReasonClientNotAllowed},
		} {
			f.write(t, row.old, row.text)
			synctest.Wait()
			f.mu.Lock()
			err := f.figures.Err
			f.mu.Unlock()
			if ready := f.server.Ready(t.Context()); (err == nil) != row.good || ready != nil {
				t.Errorf("%s: %v, ready: %v", row.name, err, ready)
			}
			backoffice := "Bearer " + f.issuer.Mint(good(testutil.Claims{"client_id": "backoffice-portal"}))
			for shape, call := range shapes {
				if got := verdictOf(call(bearing(t.Context(), backoffice), f.bare)).Reason; got != row.backoffice {
					t.Errorf("%s, %s: the back reviewServer: %q, want %q", row.name, shape, got, row.backoffice)
				}
			}
		}
	})
}
