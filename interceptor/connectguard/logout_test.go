package connectguard_test

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/connectguard"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestCallsForAUserEndAtLogout shows that a call for a user, unary or a stream, ends with
// the context that ForUser was given, although its own was detached from that one; and
// that the next one is not sent.
func TestCallsForAUserEndAtLogout(t *testing.T) {
	t.Setenv("CONNECTGUARD_SECRET", "secret")
	for way, interceptorOf := range map[string]func(*interceptor.Client, string, string) (connect.Interceptor, error){
		"on behalf of": connectguard.ClientInterceptorOnBehalfOf, "forward": connectguard.ClientInterceptorForward,
	} {
		for protocol, opts := range protocols {
			for shape, call := range map[string]func(context.Context, *company, []connect.ClientOption) error{
				"unary": func(ctx context.Context, c *company, opts []connect.ClientOption) error {
					return calls["unary"](ctx, c, nil, opts)
				},
				"stream": func(ctx context.Context, c *company, opts []connect.ClientOption) error {
					return drain(ctx, c, nil, opts)
				},
			} {
				p := newPortal(t)
				present, err := interceptorOf(p.as, "order-status", p.server.URL)
				if err != nil {
					t.Fatal(err)
				}
				opts := append([]connect.ClientOption{connect.WithInterceptors(present)}, opts...)
				signedIn, logout := context.WithCancel(t.Context())
				ctx, err := p.as.ForUser(signedIn, "corp", oauth2.StaticTokenSource(p.login()))
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
				defer cancel()
				ended := make(chan error, 1)
				go func() { ended <- call(ctx, p.company, opts) }()
				select {
				case <-p.began:
				case err := <-ended:
					t.Fatalf("%s, %s, %s: ended before the logout: %v", way, protocol, shape, err)
				}
				logout()
				if err := <-ended; connect.CodeOf(err) != connect.CodeCanceled || ctx.Err() != nil {
					t.Fatalf("%s, %s, %s: got %v, want %v at the logout", way, protocol, shape, err, connect.CodeCanceled)
				}
				err = call(ctx, p.company, opts)
				contains(t, err, "the context that ForUser was given has ended")
			}
		}
	}
}

// portal is a front end whose calls do not end by themselves.
type portal struct {
	*company
	as    *interceptor.Client
	began chan struct{} // one for each call that reached its handler
}

func newPortal(t *testing.T) *portal {
	t.Helper()
	o, began := &orders{}, make(chan struct{}, 10)
	o.get = func(ctx context.Context, _ *connect.Request[ordersv1.GetOrderStatusRequest]) (*connect.Response[ordersv1.GetOrderStatusResponse], error) {
		began <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	o.watch = func(ctx context.Context, _ *connect.Request[ordersv1.WatchOrderStatusRequest], _ *connect.ServerStream[ordersv1.WatchOrderStatusResponse]) error {
		began <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	p := &portal{company: newCompany(t, o), began: began}
	p.issuer.Register(testutil.Client{
		ID: "customer-portal", Secret: "secret", Exchange: true,
		Audiences: []string{"order-status"}, Scopes: map[string][]string{"order-status": {"orders.read"}},
	})
	p.as = newClient(t, p.company, "customer-portal")
	return p
}

// login returns the token of a user who has logged in.
func (p *portal) login() *oauth2.Token {
	return &oauth2.Token{AccessToken: p.mint(testutil.Claims{"aud": []string{"customer-portal", "order-status"}, "exp": time.Now().Add(5 * time.Minute).Unix()})}
}
