package matrixtest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/protopolicy"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/matrixtest"
	"github.com/grpcaud/grpcaud/internal/provider"
	cataloguev1 "github.com/grpcaud/grpcaud/proto/acme/catalogue/v1"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// company is a matrix of both shapes of calls and of every demand, changed.
func company(t *testing.T, change func(*access.Matrix), options ...access.MethodOptions) *access.Policy {
	t.Helper()
	m := access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: "https://idp.example.com/realms/corp", Preset: "keycloak"}, "partner": {URL: "https://login.partner.example"}},
		Services: map[string]access.Service{
			"order-status": {
				Issuers: []string{"corp", "partner"},
				GRPC:    []string{"acme.orders.v1.OrderStatus"},
				Rollout: []access.Rollout{{Mode: access.Observe, Until: time.Now().Add(time.Hour)}},
				Allow: []access.Allow{
					{Clients: []string{"customer-portal", "shop"}, Methods: []string{"GetOrderStatus", "WatchOrderStatus"}, Scopes: []string{"orders.read"}, AnyScopes: []string{"a", "b"}},
					{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, Scopes: []string{"orders.write"}, Roles: []string{"orders/clerk", "clerk"}, Callers: access.UsersOnly},
					{Clients: []string{"order-status"}, Methods: []string{"UpdateOrderStatus"}, NoScopes: true, Callers: access.ServicesOnly},
				},
			},
			"human-resource": {
				Issuers:   []string{"corp"},
				GRPC:      []string{"acme.hr.v1.HumanResource"},
				Audiences: []string{"https://hr.example", "hr"},
				Allow: []access.Allow{
					{
						Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, NoScopes: true,
						ACR: []string{"gold"}, MaxAuthAge: time.Hour, Claims: map[string][]string{"department": {"hr"}, "site": {"delft", "leiden"}},
					},
					{AnyClient: true, Methods: []string{"GetEmployee"}, Scopes: []string{"hr.read"}, Optional: true},
				},
			},
		},
		Clients: map[string]access.Client{
			"customer-portal": {Issuer: "corp", ID: "portal"}, "backoffice-portal": {Issuer: "corp"}, "order-status": {Issuer: "corp"},
			"shop": {Issuer: "partner"},
		},
		Public: []string{"acme.orders.v1.OrderStatus/Version"},
	}
	if change != nil {
		change(&m)
	}
	policy, err := access.New(m, options...)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

func register(s *grpc.Server) {
	ordersv1.RegisterOrderStatusServer(s, ordersv1.UnimplementedOrderStatusServer{})
	hrv1.RegisterHumanResourceServer(s, hrv1.UnimplementedHumanResourceServer{})
}

var both = interceptor.Services("order-status", "human-resource")

// TestAssertPassesAGoodServer shows that a server which does what the matrix says has no
// errors.
func TestAssertPassesAGoodServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { matrixtest.Assert(t, company(t, nil), both, register) })
}

// TestAssertCountsDemandsOfProtoFiles shows that Assert expects what .proto files demand
// in addition to the matrix.
func TestAssertCountsDemandsOfProtoFiles(t *testing.T) {
	matrixtest.Assert(t, company(t, nil, access.MethodOptions{
		GRPC: "acme.orders.v1.OrderStatus", Method: "GetOrderStatus", Place: "p",
		Demands: access.Allow{Clients: []string{"shop", "customer-portal"}, Scopes: []string{"orders.audit"}, ACR: []string{"gold"}},
	}, access.MethodOptions{
		GRPC: "acme.hr.v1.HumanResource", Method: "GetEmployee", Place: "q", Demands: access.Allow{Scopes: []string{"hr.audit"}},
	}), both, register)
}

// TestAssertExpectsClosedMethodsToRefuse shows that a closed method is expected to refuse
// every client.
func TestAssertExpectsClosedMethodsToRefuse(t *testing.T) {
	matrixtest.Assert(t, company(t, func(m *access.Matrix) {
		s := m.Services["human-resource"]
		s.Closed = []string{"ReviewEmployees"}
		s.Allow[0].Methods = []string{"*"}
		m.Services["human-resource"] = s
	}), both, register)
}

// TestAssertExpectsPublicOperationsToBeOpen shows that a method is expected to be open if the
// operation of its name is public.
func TestAssertExpectsPublicOperationsToBeOpen(t *testing.T) {
	matrixtest.Assert(t, company(t, func(m *access.Matrix) {
		s := m.Services["human-resource"]
		s.HTTP = &access.HTTP{Operations: map[string][]string{"ReviewEmployees": {"POST /v1/reviews"}, "GetEmployee": {"GET /v1/employees/{id}"}}}
		m.Services["human-resource"] = s
		m.Public = append(m.Public, "human-resource/ReviewEmployees")
	}), both, register)
}

// The presets whose tokens are all of services, or all of users.
var (
	servicesOnly = []string{"google", "github-actions", "gitlab"}
	usersOnly    = []string{"firebase", "supabase"}
)

// TestAssertWritesTokensOfEveryPreset shows that each preset has a dialect, and reads the
// tokens that the dialect writes.
func TestAssertWritesTokensOfEveryPreset(t *testing.T) {
	for _, preset := range claims.Presets() {
		t.Run(preset, func(t *testing.T) {
			known, _ := claims.LookupPreset(preset)
			matrixtest.Assert(t, company(t, func(m *access.Matrix) {
				named := map[string]string{"spiffe": "spiffe://corp.example/", "kubernetes": "system:serviceaccount:shop:"}
				allow := access.Allow{Clients: []string{"portal"}, Methods: []string{"*"}, NoScopes: true}
				switch preset {
				case "google", "spiffe", "kubernetes", "dex", "firebase", "github-actions", "gitlab", "vault":
				default:
					allow.NoScopes, allow.Scopes = false, []string{"orders.read", "orders.write"}
				}
				if known.DistinguishesServices() && named[preset] == "" && !slices.Contains(servicesOnly, preset) {
					allow.Callers = access.UsersOnly
				}
				if known.HasRoles() {
					allow.Roles = []string{"clerk"}
				}
				services := access.Allow{Clients: []string{"batch"}, Methods: []string{"*"}, NoScopes: true}
				if known.DistinguishesServices() && !slices.Contains(usersOnly, preset) {
					services.Callers = access.ServicesOnly
				}
				rules := []access.Allow{allow, services}
				if p, _ := provider.Lookup(preset); len(p.Token.Clients) == 0 {
					allow.Clients, allow.AnyClient = nil, true
					rules = []access.Allow{allow}
				}
				m.Issuers = map[string]access.Issuer{"corp": {URL: "https://idp.example.com", Preset: preset}}
				m.Clients = map[string]access.Client{"portal": {ID: named[preset] + "portal"}, "batch": {ID: named[preset] + "batch"}}
				m.Services = map[string]access.Service{"order-status": {GRPC: []string{"acme.orders.v1.OrderStatus"}, Allow: rules}}
			}), interceptor.Services("order-status"), func(s *grpc.Server) {
				ordersv1.RegisterOrderStatusServer(s, ordersv1.UnimplementedOrderStatusServer{})
			})
		})
	}
}

// TestAssertWritesTokensOfWrittenPresets shows that the tokens of a preset which the matrix
// describes are written as it says, for users and for services.
func TestAssertWritesTokensOfWrittenPresets(t *testing.T) {
	scopes, users, services := []string{"orders.read", "orders.write"}, access.UsersOnly, access.ServicesOnly
	for name, row := range map[string]struct {
		dialect access.Dialect
		allow   []access.Allow
	}{
		"inside of objects": {
			access.Dialect{
				Types: []string{"JWT"}, Client: []string{"/app/id"}, Subject: "/user/id", SubjectPrefix: "u:", Required: []string{"jti", "site"}, Values: map[string]string{"use": "access"},
				Scopes: []string{"/grant/scopes"}, Roles: []access.RolePlace{{Claim: "/realm/*/roles"}},
				Services: []access.ServiceMark{{Equal: map[string]string{"/user/id": "u:{client_lower}"}, Absent: []string{"sid"}}, {Present: []string{"robot"}}, {Not: map[string]string{"kind": "user"}, Absent: []string{"sid"}}},
			},
			[]access.Allow{{Clients: []string{"portal"}, Scopes: scopes, Roles: []string{"shop/clerk"}, Callers: users}},
		},
		"services": {
			access.Dialect{
				Types: []string{"none"}, Client: []string{"client"}, Scopes: []string{"scp"}, Roles: []access.RolePlace{{Claim: "urn:roles", As: "names"}},
				Services: []access.ServiceMark{{Equal: map[string]string{"sub": "{client_dex}"}, Present: []string{"robot"}}},
			},
			[]access.Allow{{Clients: []string{"portal"}, Scopes: scopes, Roles: []string{"clerk"}, Callers: services}},
		},
		"claims that say who calls": {
			access.Dialect{Types: []string{"JWT"}, CallerClaims: []access.CallerClaim{{Claim: "email", VerifiedBy: "email_verified"}}, AllServices: true},
			[]access.Allow{{AnyClient: true, NoScopes: true, Claims: map[string][]string{"email": {"a@b.example"}}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range row.allow {
				row.allow[i].Methods = []string{"*"}
			}
			matrixtest.Assert(t, company(t, func(m *access.Matrix) {
				m.Issuers = map[string]access.Issuer{"corp": {URL: "https://idp.example.com", Dialect: row.dialect}}
				m.Clients = map[string]access.Client{"portal": {}, "batch": {}}
				if len(row.dialect.Client) == 0 {
					m.Clients = nil
				}
				m.Services = map[string]access.Service{"order-status": {GRPC: []string{"acme.orders.v1.OrderStatus"}, Allow: row.allow}}
			}), interceptor.Services("order-status"), func(s *grpc.Server) {
				ordersv1.RegisterOrderStatusServer(s, ordersv1.UnimplementedOrderStatusServer{})
			})
		})
	}
}

// TestAssertIgnoresSettingsOfIssuers shows that what the matrix says about keys, times and
// introspection makes no difference.
func TestAssertIgnoresSettingsOfIssuers(t *testing.T) {
	matrixtest.Assert(t, company(t, func(m *access.Matrix) {
		m.Issuers["corp"] = access.Issuer{
			URL: "http://127.0.0.1:1", InsecureLoopback: true, JWKS: "https://keys.example.com", Preset: "keycloak",
			Algorithms: []string{"EdDSA"}, MaxLifetime: time.Second, RequireBound: true,
		}
		m.Issuers["partner"] = access.Issuer{
			URL: "https://login.partner.example", MaxAge: time.Second,
			Introspection: access.Introspection{URL: "https://login.partner.example/ask", ClientID: "shop", Secret: access.SecretRef{File: "none"}},
		}
	}), both, register)
}

// TestAssertWithdrawsTokens shows that a matrix with entries that ask the issuer is tested
// with tokens that the issuer has withdrawn.
func TestAssertWithdrawsTokens(t *testing.T) {
	asking := company(t, func(m *access.Matrix) {
		for name, issuer := range m.Issuers {
			issuer.Introspection = access.Introspection{ClientID: "order-status", Secret: access.SecretRef{Env: "NONE"}, OnlineOnly: true}
			m.Issuers[name] = issuer
		}
		m.Services["order-status"].Allow[0].Online = true
	})
	matrixtest.Assert(t, asking, both, register)
	forgiving := grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		answer, err := next(ctx, req)
		if reason, _ := interceptor.ReasonOf(err); reason == audience.ReasonTokenWithdrawn {
			return &emptypb.Empty{}, nil
		}
		return answer, err
	})
	r := &recorder{TB: t}
	matrixtest.Assert(r, asking, both, register, forgiving)
	if all := strings.Join(r.errors, "\n"); !strings.Contains(all, "which the issuer has withdrawn") {
		t.Errorf("errors of a server that admits withdrawn tokens: %q", all)
	}
}

// recorder collects the errors that would fail a test.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(r)
}

// TestAssertNamesWrongCells shows that a server which does not do what the matrix says
// fails the test, with the name of the cell.
func TestAssertNamesWrongCells(t *testing.T) {
	refusing := grpc.ChainUnaryInterceptor(func(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
		return nil, status.Error(codes.PermissionDenied, "not today")
	})
	forgetting := grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		return next(ctx, req)
	})
	answering := func(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
		return &emptypb.Empty{}, nil
	}
	var good []string
	forgiving := grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		_, err := next(ctx, req)
		if status.Code(err) == codes.Unimplemented {
			good = md["authorization"]
			return nil, err
		}
		md = md.Copy()
		md["authorization"] = good
		return next(metadata.NewIncomingContext(ctx, md), req)
	})
	for _, row := range []struct {
		name   string
		change func(*access.Matrix)
		opts   []grpc.ServerOption
		want   string
	}{
		{"nothing", nil, []grpc.ServerOption{forgetting}, ""},
		{
			"an interceptor that refuses", nil,
			[]grpc.ServerOption{refusing},
			"/acme.orders.v1.OrderStatus/GetOrderStatus, customer-portal, the right token for allow[0]: refused, want admitted",
		},
		{
			"an interceptor that answers by itself", nil,
			[]grpc.ServerOption{grpc.ChainUnaryInterceptor(answering)},
			"customer-portal, the right token for allow[0]: an interceptor of the server's own responded before the handler, want the handler reached",
		},
		{
			"an interceptor that answers before the rules", nil,
			[]grpc.ServerOption{grpc.UnaryInterceptor(answering)},
			"nobody, no token: an interceptor of the server's own responded before the handler, want refused for one of [\"CREDENTIALS_MISSING\"]",
		},
		{
			"an interceptor that forgives, unary", nil,
			[]grpc.ServerOption{forgiving},
			"/acme.orders.v1.OrderStatus/GetOrderStatus, customer-portal, the token for allow[0] without scope orders.read: admitted, want refused",
		},
		{"a method without a rule", func(m *access.Matrix) {
			s := m.Services["human-resource"]
			s.Allow = []access.Allow{{AnyClient: true, Methods: []string{"GetEmployee"}, NoScopes: true}}
			m.Services["human-resource"] = s
		}, nil, "method /acme.hr.v1.HumanResource/ListEmployees has no rule"},
		{"a client of an issuer that the service does not accept", func(m *access.Matrix) {
			m.Services["human-resource"].Allow[0].Clients[0] = "shop"
		}, nil, "/acme.hr.v1.HumanResource/GetEmployee, shop, the right token for allow[0]: refused, want admitted"},
		{"roles that tokens do not have", func(m *access.Matrix) {
			m.Services["order-status"].Allow[0].Roles = []string{"clerk"}
			m.Issuers["partner"] = access.Issuer{URL: "https://login.partner.example", Preset: "hydra"}
		}, nil, "/acme.orders.v1.OrderStatus/GetOrderStatus, shop, the right token for allow[0]: refused, want admitted"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := &recorder{TB: t}
			matrixtest.Assert(r, company(t, row.change), both, register, row.opts...)
			if all := strings.Join(r.errors, "\n"); !strings.Contains(all, row.want) || row.want == "" && all != "" {
				t.Errorf("errors:\n%s\nwant %q", all, row.want)
			}
		})
	}
}

// TestAssertEndsWithoutAServer shows that a server which cannot be made ends the test.
func TestAssertEndsWithoutAServer(t *testing.T) {
	r := &recorder{TB: t}
	defer func() {
		if recover() != r || len(r.errors) != 1 || !strings.Contains(r.errors[0], `no service "orders"`) {
			t.Errorf("errors: %q", r.errors)
		}
	}()
	matrixtest.Assert(r, company(t, nil), interceptor.Services("orders"), register)
}

// TestAssertNeedsOptionsOfProtoFiles shows that a policy made without the options of a
// service's .proto file is an error, and that a policy made from them alone is tested.
func TestAssertNeedsOptionsOfProtoFiles(t *testing.T) {
	options, err := protopolicy.FromFiles(protoregistry.GlobalFiles, "acme.catalogue.v1.Catalogue")
	if err != nil {
		t.Fatal(err)
	}
	m := access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: "https://idp.example.com"}},
		Clients: map[string]access.Client{"customer-portal": {}, "backoffice-portal": {}},
		Public:  []string{"acme.catalogue.v1.Catalogue/Version"},
	}
	alone, err := access.New(m, options...)
	if err != nil {
		t.Fatal(err)
	}
	register := func(s *grpc.Server) {
		cataloguev1.RegisterCatalogueServer(s, cataloguev1.UnimplementedCatalogueServer{})
	}
	matrixtest.Assert(t, alone, interceptor.Services("acme.catalogue.v1.Catalogue"), register)

	m.Services = map[string]access.Service{"catalogue": {
		GRPC: []string{"acme.catalogue.v1.Catalogue"}, Allow: []access.Allow{{Clients: []string{"customer-portal"}, Methods: []string{"*"}, NoScopes: true}},
	}}
	without, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{TB: t}
	matrixtest.Assert(r, without, interceptor.Services("catalogue"), register)
	if all := strings.Join(r.errors, "\n"); len(r.errors) != 1 || !strings.Contains(all, `protopolicy.FromFiles(protoregistry.GlobalFiles, "acme.catalogue.v1.Catalogue")`) {
		t.Errorf("errors:\n%s\nwant the line to add", all)
	}
}
