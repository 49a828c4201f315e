package connectguard_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"

	"github.com/grpcaud/grpcaud/interceptor/connectguard"
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
		*c.server.Client() = *connectguard.WithoutRedirects(c.server.Client())
		present, err := connectguard.ClientInterceptor(newClient(t, c, "customer-portal"), "order-status", c.server.URL)
		if err != nil {
			t.Fatal(err)
		}
		for protocol, opts := range protocols {
			for shape, call := range calls {
				if err := call(deadline(t), c, nil, append([]connect.ClientOption{connect.WithInterceptors(present)}, opts...)); err == nil {
					t.Errorf("%d, %s, %s: no error", status, protocol, shape)
				}
			}
		}
	}
	if got := reached.Load(); got != 0 {
		t.Errorf("%d calls were led elsewhere, want none", got)
	}
	if client := connectguard.WithoutRedirects(nil); client == http.DefaultClient || http.DefaultClient.CheckRedirect != nil {
		t.Error("the default client was changed")
	}
}
