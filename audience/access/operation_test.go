package access_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// overHTTP is the company, whose order status has these operations.
func overHTTP(operations map[string][]string, changes ...func(*access.Service)) access.Matrix {
	m := company()
	s := m.Services["order-status"]
	s.HTTP = &access.HTTP{Operations: operations}
	for _, change := range changes {
		change(&s)
	}
	m.Services["order-status"] = s
	return m
}

// both are operations with the names of methods.
func both() map[string][]string {
	return map[string][]string{
		"GetOrderStatus":    {"GET /v1/orders/{id}", "GET /orders/{id}"},
		"UpdateOrderStatus": {"PUT /v1/orders/{id}"},
		"Export":            {"GET /v1/orders/export"},
	}
}

// annotated are HTTP options of methods of the order status, in the order of the file.
func annotated(bindings ...string) []access.MethodOptions {
	options := make([]access.MethodOptions, len(bindings))
	for i, binding := range bindings {
		method, templates, _ := strings.Cut(binding, ": ")
		options[i] = access.MethodOptions{GRPC: "acme.orders.v1.OrderStatus", Method: method, Place: "orders.proto:OrderStatus." + method, HTTP: strings.Split(templates, ", ")}
	}
	return options
}

// judged returns the cause by which a rule refuses a token; empty if it does not.
func judged(t *testing.T, rule *access.Rule, changes members) audience.Cause {
	t.Helper()
	c, err := read(t, "keycloak", token(changes))
	if err != nil {
		t.Fatal(err)
	}
	return causeOf(rule, c)
}

func causeOf(rule *access.Rule, c *claims.Claims) audience.Cause {
	var refusal *audience.Refusal
	errors.As(rule.Judge(c, at(now)), &refusal)
	if refusal == nil {
		return ""
	}
	return refusal.Cause
}

// TestOperationHasTheRuleOfItsMethod shows that a request and a call of one name get one
// verdict, for every kind of token.
func TestOperationHasTheRuleOfItsMethod(t *testing.T) {
	options := options(func(o *access.MethodOptions) { o.Demands.Roles = []string{"clerk"} })
	g := merged(t, overHTTP(both()), options)
	for _, test := range []struct {
		method, path, operation, call string
	}{
		{"GET", "/v1/orders/5", "order-status/GetOrderStatus", getStatus},
		{"HEAD", "/orders/5", "order-status/GetOrderStatus", getStatus},
		{"PUT", "/v1/orders/5", "order-status/UpdateOrderStatus", updateStatus},
		{"GET", "/v1/orders/export", "order-status/Export", "/acme.orders.v1.OrderStatus/Export"},
	} {
		name, err := g.Operation(test.method, "orders.example.com", test.path)
		if name != test.operation || err != nil {
			t.Errorf("Operation(%s %s) = %q, %v, want %q", test.method, test.path, name, err, test.operation)
			continue
		}
		for _, changes := range []members{
			{},
			{"azp": "backoffice-portal"},
			{"aud": "human-resource"},
			{"scope": "orders.read orders.write", "azp": "backoffice-portal"},
			{"iss": "https://evil.example"},
			{"exp": now.Add(-time.Hour).Unix()},
			{"realm_access": members{"roles": []string{"clerk"}}},
			{"azp": "stranger"},
		} {
			if over, called := judged(t, g.Rule(name), changes), judged(t, g.Rule(test.call), changes); over != called {
				t.Errorf("%s %v: %q over HTTP, %q over gRPC", name, changes, over, called)
			}
		}
	}
	if got := judged(t, g.Rule("order-status/GetOrderStatus"), members{}); got != audience.CauseRoleMissing {
		t.Errorf("without the role that the .proto file demands: %q", got)
	}
}

func TestRequestWithoutOperationIsRefused(t *testing.T) {
	g := merged(t, overHTTP(both()))
	for request, want := range map[string]error{
		"GET /v1/orders": access.ErrNoOperation, "POST /v1/orders/5": access.ErrNoOperation, "GET /v1/orders/5/": access.ErrNoOperation, "GET /": access.ErrNoOperation,
		"GET /v1/orders/../hr": access.ErrAmbiguousPath, "GET //v1/orders/5": access.ErrAmbiguousPath, "GET /v1/orders%2f5": access.ErrAmbiguousPath,
		"GET /v1/orders/%65xport": access.ErrAmbiguousPath,
	} {
		method, path, _ := strings.Cut(request, " ")
		if name, err := g.Operation(method, "", path); name != "" || !errors.Is(err, want) {
			t.Errorf("Operation(%s) = %q, %v, want %v", request, name, err, want)
		}
	}
	for _, name := range []string{"order-status/Other", "/order-status/GetOrderStatus", "human-resource/GetEmployee", "order-status/", "GetOrderStatus"} {
		if rule := g.Rule(name); rule != nil {
			t.Errorf("Rule(%q) = %+v, want none", name, rule)
		}
	}
	if _, err := guard(t, "human-resource").Operation("GET", "", "/v1/orders/5"); !errors.Is(err, access.ErrNoOperation) {
		t.Errorf("a service without operations: %v", err)
	}
}

// TestOperationsOfOptions shows which operations HTTP options add.
func TestOperationsOfOptions(t *testing.T) {
	m := overHTTP(map[string][]string{"Export": {"GET /v1/orders/export"}, "GetOrderStatus": {"GET /v1/orders/{name}"}}, func(s *access.Service) {
		s.Allow[0].Methods = []string{"GetOrderStatus", "CancelOrder", "Export"}
	})
	g := merged(t, m, annotated("GetOrderStatus: GET /v1/orders/{id}", "CancelOrder: POST /v1/{name=orders/*}:cancel, DELETE /v1/{name=orders/*}")...)
	var got []string
	for _, o := range g.Operations() {
		got = append(got, strings.Join(append([]string{o.Name, o.Service, o.Method, o.GRPC}, o.Patterns...), " "))
	}
	const grpc = "acme.orders.v1.OrderStatus"
	want := []string{
		"order-status/CancelOrder order-status CancelOrder " + grpc + " POST /v1/{name=orders/*}:cancel DELETE /v1/{name=orders/*}",
		"order-status/Export order-status Export  GET /v1/orders/export",
		"order-status/GetOrderStatus order-status GetOrderStatus " + grpc + " GET /v1/orders/{id}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for request, want := range map[string]string{
		"POST /v1/orders/5:cancel": "order-status/CancelOrder", "DELETE /v1/orders/5": "order-status/CancelOrder",
		"GET /v1/orders/5": "order-status/GetOrderStatus", "GET /v1/orders/export": "order-status/Export", "POST /v1/orders/5": "",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got, _ := g.Operation(method, "", path); got != want {
			t.Errorf("Operation(%s) = %q, want %q", request, got, want)
		}
	}
}

// TestHTTPOptionsAloneDefineNothing shows that paths in .proto files neither define a
// service nor open one over HTTP that the matrix does not.
func TestHTTPOptionsAloneDefineNothing(t *testing.T) {
	stranger := annotated("Get: GET /v9/{x}")[0]
	stranger.GRPC = "other.v1.Api"
	policy, err := access.New(company(), append(annotated("GetOrderStatus: GET /v1/orders/{id}", "Other: * /v1/{a=**}/b"), stranger)...)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(policy.Services(), "other.v1.Api") || policy.Operations("order-status") != nil || len(policy.AddedDemands()) > 0 {
		t.Errorf("services %q, operations %v, demands %v", policy.Services(), policy.Operations("order-status"), policy.AddedDemands())
	}
	if _, err := merged(t, company(), annotated("GetOrderStatus: GET /v1/orders/{id}")...).Operation("GET", "", "/v1/orders/5"); !errors.Is(err, access.ErrNoOperation) {
		t.Errorf("Operation = %v", err)
	}
}

func TestPublicOperations(t *testing.T) {
	versions := map[string][]string{"GetOrderStatus": {"GET /v1/orders/{id}"}, "Version": {"GET /version"}}
	for name, test := range map[string]struct {
		public   []string
		grpc     []string
		options  []access.MethodOptions
		over, at bool // whether the operation, and the method of the gRPC service, is public
	}{
		"by the operation":            {public: []string{"order-status/Version"}, over: true, at: true},
		"by the method":               {public: []string{"acme.orders.v1.OrderStatus/Version"}, over: true, at: true},
		"by one method of two":        {public: []string{"acme.orders.v1.OrderStatus/Version"}, grpc: []string{"acme.orders.v2.OrderStatus"}, at: true},
		"by both methods":             {public: []string{"acme.orders.v1.OrderStatus/Version", "acme.orders.v2.OrderStatus/Version"}, grpc: []string{"acme.orders.v2.OrderStatus"}, over: true, at: true},
		"by the method with the path": {public: []string{"acme.orders.v1.OrderStatus/Version"}, grpc: []string{"acme.orders.v2.OrderStatus"}, options: annotated("Version: GET /version"), over: true, at: true},
		"by neither":                  {},
	} {
		m := overHTTP(versions, func(s *access.Service) { s.GRPC = append(slices.Clone(s.GRPC), test.grpc...) })
		m.Public = test.public
		g := merged(t, m, test.options...)
		if got := g.Rule("order-status/Version").Public(); got != test.over {
			t.Errorf("%s: the operation is public: %t", name, got)
		}
		if got := g.Rule("/acme.orders.v1.OrderStatus/Version").Public(); got != test.at {
			t.Errorf("%s: the method is public: %t", name, got)
		}
		if g.Rule("order-status/GetOrderStatus").Public() || g.Rule(getStatus).Public() {
			t.Errorf("%s: another is public too", name)
		}
	}
}

// TestPublicOperationOpensNoOtherService shows that an entry which names an operation opens no
// gRPC service that has the name of the service, and that demands of the .proto file beside it
// are a contradiction.
func TestPublicOperationOpensNoOtherService(t *testing.T) {
	m := company()
	m.Services["orders"] = access.Service{
		Issuers: []string{"corp"}, HTTP: &access.HTTP{Operations: map[string][]string{"Version": {"GET /version"}}},
		Allow: []access.Allow{{AnyClient: true, Methods: []string{"*"}, NoScopes: true}},
	}
	m.Public = []string{"orders/Version"}
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, services := range [][]string{{"orders"}, {"order-status"}} {
		g, err := policy.Guard(services...)
		if err != nil {
			t.Fatal(err)
		}
		if rule := g.Rule("/orders/Version"); rule != nil {
			t.Errorf("%q: Rule(/orders/Version) = %+v, want none", services, rule)
		}
	}
	public := overHTTP(map[string][]string{"UpdateOrderStatus": {"PUT /v1/orders/{id}"}})
	public.Public = []string{"order-status/UpdateOrderStatus"}
	_, err = access.New(public, access.MethodOptions{
		GRPC: "acme.orders.v1.OrderStatus", Method: "UpdateOrderStatus", Place: "orders.proto:7", Demands: access.Allow{Roles: []string{"clerk"}},
	})
	if err == nil || !strings.Contains(err.Error(), "public[0]: acme.orders.v1.OrderStatus/UpdateOrderStatus is public here, but has demands at orders.proto:7") {
		t.Errorf("New = %v", err)
	}
}

// TestOptionalAndClosedOperations shows that the rest of a service holds for its operations.
func TestOptionalAndClosedOperations(t *testing.T) {
	m := withClosed("UpdateOrderStatus")
	s := m.Services["order-status"]
	s.HTTP = &access.HTTP{Operations: both()}
	m.Services["order-status"] = s
	g := merged(t, m)
	if rule := g.Rule("order-status/Export"); rule == nil || !rule.Optional() {
		t.Errorf("Export: %+v, want optional", rule)
	}
	if g.Rule("order-status/UpdateOrderStatus") != nil || !g.Closed("order-status/UpdateOrderStatus") {
		t.Error("a closed operation has a rule")
	}
	if err := g.CheckOperations([]string{"order-status/Export", "order-status/GetOrderStatus"}); err != nil {
		t.Errorf("CheckOperations = %v", err)
	}
}

func TestCheckOperations(t *testing.T) {
	g := merged(t, overHTTP(both()))
	all := []string{"order-status/GetOrderStatus", "order-status/UpdateOrderStatus", "order-status/Export"}
	if err := g.CheckOperations(all); err != nil {
		t.Errorf("CheckOperations = %v", err)
	}
	err := g.CheckOperations([]string{"order-status/GetOrderStatus", "order-status/Exports", "order-status/UpdateOrderStatus"})
	for _, want := range []string{
		`the matrix has the operation order-status/Export (["GET /v1/orders/export"]), for which the server has no route, did you mean "order-status/Exports"?`,
		`a route for "order-status/Exports", which is no operation of the matrix, did you mean "order-status/Export"?`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("CheckOperations = %v, want it to say %q", err, want)
		}
	}
	m := overHTTP(both(), func(s *access.Service) { s.Allow = nil })
	if err := merged(t, m).CheckOperations(all); err == nil || !strings.Contains(err.Error(), "operation order-status/Export has no rule") {
		t.Errorf("CheckOperations = %v, want it to miss the rules", err)
	}
}

// TestCoverageKnowsOperations shows that a gRPC server need not have what only HTTP has.
func TestCoverageKnowsOperations(t *testing.T) {
	m := overHTTP(both(), func(s *access.Service) { s.Allow[1].Methods = []string{"Export", "UpdateOrderStatus", "Missing"} })
	err := merged(t, m).CheckCoverage([]string{getStatus, updateStatus})
	if err == nil || !strings.Contains(err.Error(), `names method "Missing"`) || strings.Contains(err.Error(), "Export") {
		t.Errorf("CheckCoverage = %v", err)
	}
}

// TestServicesOfOneServer shows that a server must be able to tell the operations of its
// services apart.
func TestServicesOfOneServer(t *testing.T) {
	m := overHTTP(both())
	s := m.Services["human-resource"]
	s.GRPC, s.HTTP = nil, &access.HTTP{Operations: map[string][]string{"Any": {"GET /v1/orders/{name}", "GET /v1/employees/{id}"}}}
	m.Services["human-resource"] = s
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range policy.Services() {
		if _, err := policy.Guard(name); err != nil {
			t.Errorf("%s alone: %v", name, err)
		}
	}
	if _, err := policy.Guard("order-status", "human-resource"); err == nil || !strings.Contains(err.Error(), `one server cannot guard "GET /v1/orders/{name}" of human-resource/Any and "GET /v1/orders/{id}" of order-status/GetOrderStatus`) {
		t.Errorf("both: %v", err)
	}
	if _, err := policy.Guard("human-resource", "human-resource"); err == nil || !strings.Contains(err.Error(), "named twice") {
		t.Errorf("twice: %v", err)
	}
}
