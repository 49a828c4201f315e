package interceptor_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// withPartner lets a partner's clients call order-status with tokens of the partner's issuer.
func withPartner(m *access.Matrix) {
	m.Issuers["partner"] = access.Issuer{URL: partnerURL}
	for name, client := range m.Clients {
		client.Issuer = "corp"
		m.Clients[name] = client
	}
	m.Clients["agency"] = access.Client{Issuer: "partner"}
	orders, hr := m.Services["order-status"], m.Services["human-resource"]
	orders.Issuers, hr.Issuers = []string{"corp", "partner"}, []string{"corp"}
	orders.Allow = append(orders.Allow, access.Allow{Clients: []string{"agency"}, Methods: []string{"*"}, NoScopes: true})
	m.Services["order-status"], m.Services["human-resource"] = orders, hr
}

// TestCallersTokenIsShownToItsIssuerOnly shows that a caller's token is shown to no
// other issuer in an exchange, whichever way the service calls, and that a caller of
// the right issuer is exchanged.
func TestCallersTokenIsShownToItsIssuerOnly(t *testing.T) {
	corp, partner := newIssuer(), testutil.NewIssuer(partnerURL)
	policy := company(t, withSecrets(t), withPartner)
	client := newClient(t, corp, policy, "order-status")
	own := newSource(t, corp, "order-status", "orders-secret")
	g := &gate{script: []audience.Reason{""}}
	for verb, dial := range map[string][]grpc.DialOption{
		"Client.OnBehalfOf": client.DialOptionsOnBehalfOf("human-resource"),
		"OnBehalfOf":        {grpc.WithPerRPCCredentials(interceptor.OnBehalfOf(own, "human-resource"))},
		"with scopes":       {grpc.WithPerRPCCredentials(interceptor.OnBehalfOf(own, "human-resource", interceptor.Scopes("x")))},
		"with retry":        append(interceptor.Retry(), grpc.WithPerRPCCredentials(interceptor.OnBehalfOf(own, "human-resource"))),
	} {
		further := g.serve(t, dial...)
		var met error
		served := &orders{inHandler: func(ctx context.Context) error {
			_, met = employee(ctx, further)
			return met
		}}
		server := serverOf(t, corp, policy, interceptor.Transport(corp.Transport(partner)))
		conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, served) })
		for shape, call := range shapes {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			asked, came := corp.Requests(testutil.Token), len(g.tokens)
			token := partner.Mint(testutil.Claims{"aud": "order-status", "sub": "alice", "client_id": "agency"})
			err := call(bearing(ctx, "Bearer "+token), conn)
			if status.Code(err) != codes.Internal || met == nil || !strings.Contains(met.Error(), "is shown to no other issuer") {
				t.Errorf("%s, %s: %v; the handler met %v", verb, shape, err, met)
			}
			if n := corp.Requests(testutil.Token) - asked; n != 0 || len(g.tokens) != came {
				t.Errorf("%s, %s: %d requests to the other issuer, %d calls further", verb, shape, n, len(g.tokens)-came)
			}
			_ = call(bearing(ctx, "Bearer "+corp.User("backoffice-portal", "alice", "order-status")), conn)
			if verb != "with scopes" && len(g.tokens) != came+1 {
				t.Errorf("%s, %s: a caller of the right issuer: %v", verb, shape, met)
			}
			cancel()
		}
	}
}
