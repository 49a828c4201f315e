package matrixtest_test

import (
	"context"
	"encoding/base64"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor/matrixtest"
	cataloguev1 "github.com/grpcaud/grpcaud/proto/acme/catalogue/v1"
)

// refuseAll returns the options of a server that refuses every call, so that every cell
// is an error. It records the tokens that arrive, by method.
func refuseAll(came map[string][]string) []grpc.ServerOption {
	refuse := func(ctx context.Context, method string) error {
		came[method] = append(came[method], metadata.ValueFromIncomingContext(ctx, "authorization")...)
		return status.Error(codes.Unavailable, "no")
	}
	return []grpc.ServerOption{
		grpc.UnaryInterceptor(func(ctx context.Context, _ any, info *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
			return nil, refuse(ctx, info.FullMethod)
		}),
		grpc.StreamInterceptor(func(_ any, stream grpc.ServerStream, info *grpc.StreamServerInfo, _ grpc.StreamHandler) error {
			return refuse(stream.Context(), info.FullMethod)
		}),
	}
}

// TestAssertMakesEveryCall shows which calls are made, and which result is expected of
// each: a call that is missing here could go wrong unnoticed.
func TestAssertMakesEveryCall(t *testing.T) {
	r := &recorder{TB: t}
	policy := company(t, func(m *access.Matrix) {
		m.Public = append(m.Public, "acme.hr.v1.HumanResource/ReviewEmployees")
		m.Issuers["partner"] = access.Issuer{URL: "https://login.partner.example", Preset: "entra"}
		orders, hr := m.Services["order-status"], m.Services["human-resource"]
		orders.Allow = append(orders.Allow, access.Allow{Clients: []string{"shop"}, Methods: []string{"UpdateOrderStatus"}, NoScopes: true})
		hr.Allow = append(hr.Allow,
			access.Allow{Clients: []string{"order-status"}, Methods: []string{"ListEmployees"}, NoScopes: true, ACR: []string{"gold"}},
			access.Allow{Clients: []string{"customer-portal"}, Methods: []string{"GetEmployee"}, NoScopes: true, MaxAuthAge: time.Hour})
		m.Services["order-status"], m.Services["human-resource"] = orders, hr
	},
		option("acme.orders.v1.OrderStatus", "WatchOrderStatus", access.Allow{Scopes: []string{"orders.audit"}}),
		option("acme.hr.v1.HumanResource", "UpdateOrderStatus", access.Allow{Scopes: []string{"hr.audit"}}),
		option("acme.hr.v1.HumanResource", "GetEmployee", access.Allow{Optional: true, AnyClient: true}),
		option("acme.hr.v1.HumanResource", "ListEmployees", access.Allow{ACR: []string{"silver", "gold"}}))
	matrixtest.Assert(r, policy, both, register, refuseAll(map[string][]string{})...)
	got := strings.Join(r.errors, "\n") + "\n"
	for message, short := range map[string]string{
		": refused, want admitted: rpc error: code = Unavailable desc = no":                                                  ": admitted",
		": refused by rpc error: code = Unavailable desc = no, want one of":                                                  ": refused",
		`["NO_POLICY" "CLIENT_NOT_ALLOWED" "SCOPE_INSUFFICIENT" "ROLE_INSUFFICIENT" "CLAIM_NOT_ALLOWED" "STEP_UP_REQUIRED"]`: "by the matrix",
	} {
		got = strings.ReplaceAll(got, message, short)
	}
	want, err := os.ReadFile("testdata/cells.txt")
	if diff := cmp.Diff(string(want), got); err != nil || diff != "" {
		t.Errorf("%v, cells (-want +got):\n%s", err, diff)
	}
}

func option(grpc, method string, demands access.Allow) access.MethodOptions {
	return access.MethodOptions{GRPC: grpc, Method: method, Place: grpc + "." + method, Demands: demands}
}

// TestAssertTokensLackOneThing shows that a token lacks only what its name says, and that
// a client without an entry calls with everything that other clients need.
func TestAssertTokensLackOneThing(t *testing.T) {
	came := map[string][]string{}
	matrixtest.Assert(&recorder{TB: t}, company(t, func(m *access.Matrix) {
		m.Services["order-status"].Allow[1].Roles = []string{"orders/clerk"}
	}, option("acme.orders.v1.OrderStatus", "GetOrderStatus", access.Allow{Roles: []string{"auditor"}})), both, register, refuseAll(came)...)
	for _, want := range [][]string{
		{`"azp":"portal"`, `"scope":"a"`},
		{`"azp":"portal"`, `"scope":"orders.read"`},
		{`"azp":"order-status"`, `orders.read a orders.write`, `{"orders":{"roles":["clerk"]}}`},
		{`"azp":"backoffice-portal"`, `"realm_access":{"roles":["auditor"]},"resource_access":{}`},
	} {
		if !slices.ContainsFunc(came["/acme.orders.v1.OrderStatus/GetOrderStatus"], func(bearer string) bool {
			payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(bearer, ".")[1])
			return !slices.ContainsFunc(want, func(part string) bool { return !strings.Contains(string(payload), part) })
		}) {
			t.Errorf("no token with %q", want)
		}
	}
}

// TestAssertReportsUnknownServiceOnce shows that a gRPC service which the matrix does not
// know is one error.
func TestAssertReportsUnknownServiceOnce(t *testing.T) {
	r := &recorder{TB: t}
	matrixtest.Assert(r, company(t, nil), both, func(s *grpc.Server) {
		register(s)
		cataloguev1.RegisterCatalogueServer(s, cataloguev1.UnimplementedCatalogueServer{})
	})
	if len(r.errors) != 1 || !strings.Contains(r.errors[0], "/acme.catalogue.v1.Catalogue/") {
		t.Errorf("errors:\n%s\nwant one about the catalogue", strings.Join(r.errors, "\n"))
	}
}
