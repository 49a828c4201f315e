package connectguard_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/connectguard"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// TestRedirectsAreNotFollowed shows that a redirect, here to plain http on the same host,
// does not lead a token elsewhere.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Setenv("CONNECTGUARD_SECRET", "secret")
	var reached atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer elsewhere.Close()
	for _, status := range []int{http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		c := newCompany(t, &orders{})
		c.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, status)
		})
		present, err := connectguard.ClientInterceptor(newClient(t, c, "customer-portal"), "order-status", c.server.URL)
		if err != nil {
			t.Fatal(err)
		}
		for protocol, opts := range protocols {
			for shape, call := range calls {
				for how, err := range map[string]error{
					"a token of the matrix": call(deadline(t), c, nil, append([]connect.ClientOption{connect.WithInterceptors(present)}, opts...)),
					"another token":         call(deadline(t), c, bearer("t"), opts),
				} {
					if err == nil {
						t.Errorf("%d, %s, %s, %s: no error", status, protocol, shape, how)
					}
				}
			}
		}
	}
	if got := reached.Load(); got != 0 {
		t.Errorf("%d calls were led elsewhere, want none", got)
	}
	if client := connectguard.HTTPClient(nil); client == http.DefaultClient || http.DefaultClient.CheckRedirect != nil || http.DefaultClient.Transport != nil {
		t.Error("the default client was changed")
	}
}

// presenting returns an option by which the customer portal calls the service at an
// address.
func presenting(t *testing.T, c *company, baseURL string, opts ...interceptor.ClientOption) connect.ClientOption {
	t.Helper()
	present, err := connectguard.ClientInterceptor(newClient(t, c, "customer-portal", opts...), "order-status", baseURL)
	if err != nil {
		t.Fatal(err)
	}
	return connect.WithInterceptors(present)
}

// try makes a unary call and opens a stream with an HTTP client, in each protocol, and
// returns the errors.
func try(t *testing.T, web connect.HTTPClient, baseURL string, change func(http.Header), opts ...connect.ClientOption) map[string]error {
	t.Helper()
	errs, ctx := map[string]error{}, deadline(t)
	for protocol, more := range protocols {
		all := append(append([]connect.ClientOption{}, opts...), more...)
		unary := connect.NewClient[ordersv1.GetOrderStatusRequest, ordersv1.GetOrderStatusResponse](web, baseURL+getOrder, append(all, connect.WithIdempotency(connect.IdempotencyNoSideEffects))...)
		r := connect.NewRequest(&ordersv1.GetOrderStatusRequest{})
		change(r.Header())
		_, errs[protocol+", unary"] = unary.CallUnary(ctx, r)
		stream := connect.NewClient[ordersv1.UpdateOrderStatusRequest, ordersv1.UpdateOrderStatusResponse](web, baseURL+updateOrder, all...).CallBidiStream(ctx)
		change(stream.RequestHeader())
		err := stream.Send(&ordersv1.UpdateOrderStatusRequest{})
		if err == nil || errors.Is(err, io.EOF) {
			_, err = stream.Receive()
		}
		errs[protocol+", stream"] = err
		_ = stream.CloseResponse()
	}
	return errs
}

func unchanged(http.Header) {}

// notSent checks the error of a call that the client did not send: want is a part of it.
func notSent(t *testing.T, how string, err error, want string) {
	t.Helper()
	if connect.CodeOf(err) != connect.CodeInternal || reasonOf(err) != "" {
		t.Errorf("%s: got %v, want %v", how, err, connect.CodeInternal)
	}
	contains(t, err, want)
}

// TestPlainHTTPGetsNoToken shows that a Connect client that was made for plain http sends
// no token, although the interceptor was given https and the same host.
func TestPlainHTTPGetsNoToken(t *testing.T) {
	t.Setenv("CONNECTGUARD_SECRET", "secret")
	var reached atomic.Int32
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer plain.Close()
	c := newCompany(t, &orders{})
	meant := presenting(t, c, "https://"+plain.Listener.Addr().String())
	for how, err := range try(t, connectguard.HTTPClient(plain.Client()), plain.URL, unchanged, meant) {
		notSent(t, how, err, "give both the same address")
	}
	if got := reached.Load(); got != 0 {
		t.Errorf("%d requests went over plain http, want none", got)
	}
}

// TestTokenNeedsTheHTTPClient shows that with another HTTP client than HTTPClient's no
// token is sent, and that the error says what is missing.
func TestTokenNeedsTheHTTPClient(t *testing.T) {
	t.Setenv("CONNECTGUARD_SECRET", "secret")
	c := newCompany(t, &orders{})
	var tokens atomic.Int32
	guarded := c.server.Config.Handler
	c.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens.Add(int32(len(r.Header["Authorization"])))
		guarded.ServeHTTP(w, r)
	})
	for how, err := range try(t, c.server.Client(), c.server.URL, unchanged, presenting(t, c, c.server.URL)) {
		notSent(t, how, err, "make the Connect client with connectguard.HTTPClient")
	}
	if got := tokens.Load(); got != 0 {
		t.Errorf("%d tokens were sent, want none", got)
	}
}

// TestRedirectThatIsFollowedHasNoToken shows that a program which follows redirects again
// sends no token twice, not to the same host either.
func TestRedirectThatIsFollowedHasNoToken(t *testing.T) {
	t.Setenv("CONNECTGUARD_SECRET", "secret")
	c := newCompany(t, &orders{})
	var second atomic.Int32
	c.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("again") {
			second.Add(1)
		}
		http.Redirect(w, r, r.URL.Path+"?again=1", http.StatusTemporaryRedirect)
	})
	web := c.http()
	web.CheckRedirect = nil
	for how, err := range try(t, web, c.server.URL, unchanged, presenting(t, c, c.server.URL)) {
		if err == nil {
			t.Errorf("%s: no error", how)
		}
	}
	if got := second.Load(); got != 0 {
		t.Errorf("%d requests followed, want none", got)
	}
}

// TestHeadersThatChangeTheCall shows that a call with a second authorization value, or for
// another host, is not sent, also if its header was changed after the token was requested.
func TestHeadersThatChangeTheCall(t *testing.T) {
	t.Setenv("CONNECTGUARD_SECRET", "secret")
	c := newCompany(t, &orders{})
	var reached atomic.Int32
	c.server.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	for want, change := range map[string]func(http.Header){
		"has an authorization value already": func(h http.Header) { h.Set("Authorization", "Basic YTpi") },
		`names the host "other.example.com"`: func(h http.Header) { h.Set("Host", "other.example.com") },
	} {
		for how, err := range try(t, c.http(), c.server.URL, change, presenting(t, c, c.server.URL)) {
			notSent(t, how, err, want)
		}
	}
	if got := reached.Load(); got != 0 {
		t.Errorf("%d requests were sent, want none", got)
	}
}

// TestTokenGoesToNoOtherPath shows that a Connect client for another path of the same host,
// where a gateway may have another service, sends no token; and that one for the same path does.
func TestTokenGoesToNoOtherPath(t *testing.T) {
	t.Setenv("CONNECTGUARD_SECRET", "secret")
	c := newCompany(t, &orders{})
	var tokens atomic.Int32
	c.server.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { tokens.Add(int32(len(r.Header["Authorization"]))) })
	for _, row := range []struct{ meant, made string }{{"/orders", "/evil"}, {"/orders", ""}, {"", "/orders"}, {"/orders", "/x/orders"}, {"/orders", "/orders/x"}, {"/a%2Fb", "/a/b"}} {
		for how, err := range try(t, c.http(), c.server.URL+row.made, unchanged, presenting(t, c, c.server.URL+row.meant)) {
			notSent(t, fmt.Sprintf("%q for %q, %s", row.made, row.meant, how), err, "give both the same address")
		}
	}
	if got := tokens.Load(); got != 0 {
		t.Errorf("%d tokens were sent, want none", got)
	}
	_ = try(t, c.http(), c.server.URL+"/orders", unchanged, presenting(t, c, c.server.URL+"/orders/"))
	if got := tokens.Load(); got == 0 {
		t.Error("no token was sent to the path that was meant")
	}
}

// TestProxyGetsNoToken shows that over plain http no token goes to a proxy, also if the service
// is on this machine.
func TestProxyGetsNoToken(t *testing.T) {
	t.Setenv("CONNECTGUARD_SECRET", "secret")
	var reached atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	wire := &http.Transport{Proxy: http.ProxyURL(at)}
	defer wire.CloseIdleConnections()
	c := newCompany(t, &orders{})
	const service = "http://127.0.0.1:1"
	for how, err := range try(t, connectguard.HTTPClient(&http.Client{Transport: wire}), service, unchanged, presenting(t, c, service, interceptor.AllowPlaintext(interceptor.Loopback))) {
		notSent(t, how, err, "NO_PROXY")
	}
	if got := reached.Load(); got != 0 {
		t.Errorf("the proxy got %d requests, want none", got)
	}
}
