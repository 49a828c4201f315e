package company_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/tokensource"
)

// open opens a company, and closes it with the test. The context ends after 20 seconds.
func open(t *testing.T, config company.Config) (context.Context, *company.Company) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	c, err := company.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return ctx, c
}

// orders calls order-status for a user who is logged in at a portal, and people calls
// human-resource; for an empty user, the portal calls as itself.
func orders(t *testing.T, c *company.Company, portal, user string) ordersv1.OrderStatusClient {
	t.Helper()
	return ordersv1.NewOrderStatusClient(dial(t, c, c.Orders, portal, user, "orders.read", "orders.write"))
}

func people(t *testing.T, c *company.Company, portal, user string) hrv1.HumanResourceClient {
	t.Helper()
	return hrv1.NewHumanResourceClient(dial(t, c, c.People, portal, user))
}

func dial(t *testing.T, c *company.Company, to *company.Server, portal, user string, scopes ...string) *grpc.ClientConn {
	t.Helper()
	if user == "" {
		conn, err := c.AsItself(portal, to)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	return bearing(t, c, to, c.Issuer.User(portal, user, to.Service, scopes...))
}

// bearing returns a connection that presents a token.
func bearing(t *testing.T, c *company.Company, to *company.Server, text string) *grpc.ClientConn {
	t.Helper()
	token := tokensource.NewToken(text, time.Time{})
	held := tokensource.Func(func(context.Context, tokensource.Request) (tokensource.Token, error) { return token, nil })
	conn, err := c.Dial(to, grpc.WithPerRPCCredentials(interceptor.AsService(held, to.Service)))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}
