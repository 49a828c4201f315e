package interceptor_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestPresenter holds that the credentials of a connection judge each call by
// themselves: gRPC's own calls, such as health checks, pass no interceptor.
func TestPresenter(t *testing.T) {
	issuer := newIssuer()
	client := newClient(t, issuer, company(t, withSecrets(t), func(m *audience.Matrix) { m.Public = append(m.Public, "grpc.health.v1.Health") }), "customer-portal")
	conn, err := grpc.NewClient("passthrough:///service.test", grpc.WithTransportCredentials(credentials.NewTLS(nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	within, creds := interceptor.CredentialsWithin(t.Context(), conn, client, "order-status")
	const orders, health = "/acme.orders.v1.OrderStatus", "/grpc.health.v1.Health"
	for _, row := range []struct {
		name, method string
		ctx          context.Context
		uri          []string
		want         string // part of the error
	}{
		{"no interceptor", orders + "/GetOrderStatus", t.Context(), []string{"https://service.test" + orders}, "has not passed the interceptors"},
		{"no uri", orders + "/GetOrderStatus", within, nil, "has not passed the interceptors"},
		{"another service", "/acme.hr.v1.HumanResource/GetEmployee", within, []string{"https://service.test/acme.hr.v1.HumanResource"}, "belongs to none of the services"},
		{"another place", orders + "/GetOrderStatus", within, []string{"https://elsewhere.test" + orders}, `authority "elsewhere.test"`},
		{"good", orders + "/GetOrderStatus", within, []string{"https://service.test" + orders}, ""},
		{"another place after a good one", orders + "/GetOrderStatus", within, []string{"https://elsewhere.test" + orders}, `authority "elsewhere.test"`},
		{"open to anybody", health + "/Watch", t.Context(), []string{"https://service.test" + health}, ""},
	} {
		md, err := creds.GetRequestMetadata(credentials.NewContextWithRequestInfo(row.ctx, credentials.RequestInfo{
			Method: row.method, AuthInfo: secured{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}},
		}), row.uri...)
		if row.want == "" && err != nil || row.want != "" && (verdictOf(err) != refusedHere || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
		if want := row.name == "good"; (md["authorization"] != "") != want {
			t.Errorf("%s: a token is presented: %v, want %v", row.name, !want, want)
		}
	}
	if n := issuer.Requests(testutil.Token); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
}
