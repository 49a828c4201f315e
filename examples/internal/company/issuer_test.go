package company_test

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/examples/internal/company"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// TestIssuerForBrowsers shows that the issuer can have a name of this machine that browsers
// can open, and that it is as good as its URL in the matrix.
func TestIssuerForBrowsers(t *testing.T) {
	ctx, c := open(t, company.Config{IssuerHost: "login.localhost"})
	at, err := url.Parse(c.Issuer.URL())
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(c.Issuer.Addr)
	if err != nil || at.String() != "http://login.localhost:"+port+"/realms/corp" {
		t.Fatalf("got %s and %v, want http on login.localhost at port %s", at, err, port)
	}
	if _, err := orders(t, c, company.CustomerPortal, "").ListOrders(ctx, &ordersv1.ListOrdersRequest{}); err != nil {
		t.Error(err)
	}
}

// TestIssuerAnswersItsOwnHostOnly shows that a name of another site that leads to the issuer gets
// nothing from it.
func TestIssuerAnswersItsOwnHostOnly(t *testing.T) {
	ctx, c := open(t, company.Config{IssuerHost: "login.localhost"})
	_, port, err := net.SplitHostPort(c.Issuer.Addr)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{
		"login.localhost:" + port: http.StatusOK, c.Issuer.Addr: http.StatusOK,
		"evil.example.com:" + port: http.StatusMisdirectedRequest, "login.localhost.evil.example.com:" + port: http.StatusMisdirectedRequest,
		"login.localhost": http.StatusMisdirectedRequest, "customer.localhost:" + port: http.StatusMisdirectedRequest,
	} {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Issuer.Addr+"/realms/corp/jwks", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if got.StatusCode != want {
			t.Errorf("host %q: got %d, want %d", host, got.StatusCode, want)
		}
	}
}

// TestIssuerStopsAndReturns shows that a client without a token cannot call while the issuer
// is stopped, and can after its return.
func TestIssuerStopsAndReturns(t *testing.T) {
	ctx, c := open(t, company.Config{})
	c.Issuer.Stop()
	c.Issuer.Stop()
	client := orders(t, c, company.CustomerPortal, "")
	if _, err := client.ListOrders(ctx, &ordersv1.ListOrdersRequest{}); status.Code(err) != codes.Unavailable {
		t.Errorf("without the issuer: got %v, want %s", err, codes.Unavailable)
	}
	if err := c.Issuer.Start(); err != nil {
		t.Fatal(err)
	}
	again, err := c.NewClient(company.CustomerPortal) // without the pause of the first after its failure
	if err != nil {
		t.Fatal(err)
	}
	conn, err := c.Keep(again.Dial(c.Orders.Addr, company.OrderStatus, c.Creds()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ordersv1.NewOrderStatusClient(conn).ListOrders(ctx, &ordersv1.ListOrdersRequest{}); err != nil {
		t.Errorf("after the issuer's return: %v", err)
	}
}

// TestOpenLeavesNothingBehind shows that an address in use is named, and that what had
// started is stopped.
func TestOpenLeavesNothingBehind(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr, issuer, people := taken.Addr().String(), free(t), free(t)
	for part, config := range map[string]company.Config{
		"authorization server": {IssuerAddr: addr}, "human-resource": {IssuerAddr: issuer, PeopleAddr: addr},
		"order-status": {IssuerAddr: issuer, PeopleAddr: people, OrdersAddr: addr},
	} {
		if c, err := company.Open(config); err == nil || c != nil || !strings.Contains(err.Error(), part) || !strings.Contains(err.Error(), addr) {
			t.Errorf("Open = %v, %v, want an error that names %s and %s", c, err, part, addr)
		}
		for _, stopped := range []string{issuer, people} {
			l, err := net.Listen("tcp", stopped)
			if err != nil {
				t.Fatalf("after the failure of %s: %v", part, err)
			}
			l.Close()
		}
	}
}

// free returns an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
