package main_test

import (
	"strings"
	"testing"

	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// withOperations is a matrix of a service with two faces, and of one without gRPC.
const withOperations = `version: 1
issuers: {corp: {url: https://idp.example.com/realms/corp, preset: keycloak, jwks: https://idp.example.com/keys}}
services:
  order-status:
    grpc: [acme.orders.v1.OrderStatus]
    http:
      operations:
        GetOrderStatus: GET /v1/orders/{id}
        Export: [GET /v1/orders/export, POST /v1/exports]
    allow:
      - {clients: [customer-portal], methods: [GetOrderStatus], scopes: [orders.read]}
      - {clients: [backoffice-portal], methods: ["*"], scopes: none}
  reports:
    http: {operations: {GetReport: "GET reports.example.com/v1/{id}", Version: GET reports.example.com/version}}
    allow:
      - {clients: [backoffice-portal], methods: [GetReport], scopes: none}
clients:
  customer-portal: {secret: {env: CUSTOMER_PORTAL}}
  backoffice-portal: {secret: {env: BACKOFFICE_PORTAL}}
public: [reports/Version]
`

func TestOperationsAreShown(t *testing.T) {
	matrix := file(t, "access.yaml", withOperations)
	const orders, reports = "Export (GET /v1/orders/export or POST /v1/exports)", "GetReport (GET reports.example.com/v1/{id})"
	for _, format := range []string{"table", "markdown", "html", "json"} {
		run(t, "", "matrix", matrix, "-o", format).want(t, 0, orders, reports)
	}
	for _, format := range []string{"mermaid", "dot"} {
		run(t, "", "matrix", matrix, "-o", format).want(t, 0, "GetReport")
	}
	run(t, "", "check", matrix).want(t, 0)
}

// TestTokensAreJudgedForOperations shows that explain takes an operation by its name, by its
// full name, and by a request.
func TestTokensAreJudgedForOperations(t *testing.T) {
	issuer, keys := corp(t)
	matrix := file(t, "access.yaml", withOperations)
	portal := token(issuer, nil)
	backoffice := token(issuer, testutil.Claims{"aud": "reports", "azp": "backoffice-portal"})
	for _, test := range []struct {
		service, method, token string
		code                   int
		want                   string
	}{
		{"order-status", "GetOrderStatus", portal, 0, "/acme.orders.v1.OrderStatus/GetOrderStatus"},
		{"order-status", "order-status/GetOrderStatus", portal, 0, "order-status/GetOrderStatus"},
		{"order-status", "GET /v1/orders/5", portal, 0, "order-status/GetOrderStatus"},
		{"order-status", "GET /v1/orders/export", portal, 1, "order-status/Export"},
		{"order-status", "DELETE /v1/orders/5", portal, 2, `service "order-status" refuses DELETE /v1/orders/5: no operation has this method and path`},
		{"order-status", "GET /v1/orders/../hr", portal, 2, "can be read in more than one way"},
		{"order-status", "GET", portal, 1, "/acme.orders.v1.OrderStatus/GET"},
		{"reports", "GetReport", backoffice, 0, "reports/GetReport"},
		{"reports", "GET reports.example.com/v1/5", backoffice, 0, "reports/GetReport"},
		{"reports", "GET /v1/5", backoffice, 2, "no operation has this method and path"},
		{"reports", "reports/GetReport", portal, 1, "AUDIENCE_MISMATCH"},
		{"reports", "GetReports", backoffice, 2, `service "reports" has no operation "GetReports"`},
		{"reports", "reports/Other", backoffice, 2, `has no operation`},
	} {
		run(t, test.token, "explain", matrix, "--service", test.service, "--method", test.method, "--jwks", keys).want(t, test.code, test.want)
	}
}

func TestChangesOfOperationsAreShown(t *testing.T) {
	before := file(t, "before.yaml", withOperations)
	other := strings.NewReplacer("GET /v1/orders/{id}", "GET /v2/orders/{id}", "Version: GET reports.example.com/version", "About: GET reports.example.com/version", "reports/Version", "reports/About").Replace(withOperations)
	run(t, "", "diff", before, file(t, "after.yaml", other), "-o", "markdown").want(t, 1,
		"| changed | services.order-status.http.operations.GetOrderStatus |", "GET /v2/orders/{id}", "| gains | public | anybody, without a token | reports/About |", "| loses | public | anybody, without a token | reports/Version |")
	without := strings.Replace(withOperations, "    http:\n      operations:\n        GetOrderStatus: GET /v1/orders/{id}\n        Export: [GET /v1/orders/export, POST /v1/exports]\n", "", 1)
	run(t, "", "diff", before, file(t, "without.yaml", without), "-o", "markdown").want(t, 1, "| changed | services.order-status.http |", "removed")
	run(t, "", "diff", file(t, "without.yaml", without), before, "-o", "markdown").want(t, 1, "| changed | services.order-status.http |", "added")
	run(t, "", "diff", before, before).want(t, 0)
}

// TestExportsAreOfGRPCAlone shows that proxies get no operation, neither a public one, and are
// told so.
func TestExportsAreOfGRPCAlone(t *testing.T) {
	matrix := file(t, "access.yaml", withOperations)
	for _, to := range []string{"envoy", "istio"} {
		r := run(t, "", "export", matrix, "--to", to)
		r.want(t, 0, "the HTTP operations of service", "the public operation reports/Version: it needs a token", "/acme.orders.v1.OrderStatus/GetOrderStatus")
		if strings.Contains(r.stdout, "reports/GetReport") || strings.Contains(r.stdout, "/reports/Version") || strings.Contains(r.stdout, "/v1/orders") {
			t.Errorf("%s has an operation:\n%s", to, r.stdout)
		}
		run(t, "", "export", matrix, "--to", to, "--service", "reports").want(t, 2, `there is nothing to export: "reports" is called over HTTP alone`)
	}
}

// TestOperationsThatAreAlikeAreNoReasonNotToExport shows that services with one path, which no
// HTTP server can have both of, are exported together.
func TestOperationsThatAreAlikeAreNoReasonNotToExport(t *testing.T) {
	alike := strings.Replace(withOperations, "    http: {operations: {GetReport: \"GET reports", "    grpc: [acme.reports.v1.Reports]\n    http: {operations: {Same: \"GET /v1/orders/{x}\", GetReport: \"GET reports", 1)
	alike = strings.Replace(alike, "methods: [GetReport]", "methods: [GetReport, Same]", 1)
	run(t, "", "export", file(t, "access.yaml", alike), "--to", "envoy").want(t, 0, "/acme.orders.v1.OrderStatus/GetOrderStatus", "/acme.reports.v1.Reports/GetReport")
	twice := strings.Replace(alike, "acme.reports.v1.Reports", "acme.orders.v1.OrderStatus", 1)
	run(t, "", "export", file(t, "access.yaml", twice), "--to", "envoy").want(t, 2, `acme.orders.v1.OrderStatus belongs to "order-status" and to "reports"; one proxy cannot guard both`)
}

// TestCommandsOfGRPCRefuseServicesWithoutIt shows that commands that speak gRPC say that a
// service has none.
func TestCommandsOfGRPCRefuseServicesWithoutIt(t *testing.T) {
	matrix := file(t, "access.yaml", withOperations)
	run(t, "", "serve", matrix, "--service", "reports", "--plaintext").want(t, 2, `service "reports" has no gRPC services to serve`)
	t.Setenv("BACKOFFICE_PORTAL", "secret")
	run(t, "", "call", matrix, "--as", "backoffice-portal", "--for", "reports", "--addr", "127.0.0.1:1", "--plaintext", "GetReport").want(t, 2, "reports/GetReport is an HTTP operation, and grpcaud call makes gRPC calls")
}

// TestOperationsAndDescriptors shows that check takes a method that only HTTP has for known.
func TestOperationsAndDescriptors(t *testing.T) {
	matrix := file(t, "access.yaml", strings.Replace(withOperations, "methods: [GetOrderStatus]", "methods: [GetOrderStatus, Export]", 1))
	run(t, "", "check", matrix, "--descriptors", descriptors(t, ordersv1.File_acme_orders_v1_order_status_proto)).want(t, 0)
	wrong := file(t, "access.yaml", strings.Replace(withOperations, "methods: [GetOrderStatus]", "methods: [GetOrderStatus, Exports]", 1))
	run(t, "", "check", wrong, "--descriptors", descriptors(t, ordersv1.File_acme_orders_v1_order_status_proto)).want(t, 1, `has no method "Exports", did you mean "Export"?`)
}

// TestTokensForServicesWithoutGRPC shows that token, doctor and dev know a service that is
// called over HTTP alone, and one whose operations are all closed.
func TestTokensForServicesWithoutGRPC(t *testing.T) {
	f := newField(t)
	f.change(t, "    grpc: [shop.hr.v1.HumanResource]", `    http: {operations: {GetEmployee: "GET /v1/employees/{id}", PutEmployee: "PUT /v1/employees/{id}"}}`)
	f.run(t, "token", "--as", "order-status", "--for", "human-resource").want(t, 0, "human-resource/GetEmployee")
	f.run(t, "token", "--as", "backoffice-portal", "--for", "human-resource", "--method", "PutEmployee").want(t, 0, "human-resource/PutEmployee")
	f.run(t, "token", "--as", "order-status", "--for", "human-resource", "--method", "PUT /v1/employees/5").want(t, 1, "CLIENT_NOT_ALLOWED")
	f.run(t, "doctor").want(t, 0, "6 ok, 0 to fix, 0 unknown")
	f.change(t, "{clients: [order-status], methods: [GetEmployee]", "{clients: [order-status], methods: [\"*\"]")
	f.change(t, "PUT /v1/employees/{id}\"}}", "PUT /v1/employees/{id}\"}}\n    closed: [GetEmployee, PutEmployee]")
	f.run(t, "doctor").want(t, 0, "6 ok, 0 to fix, 0 unknown")
	f.run(t, "token", "--as", "order-status", "--for", "human-resource").want(t, 2, `service "human-resource" has no operation`)
}

// TestDevWithoutGRPC shows that dev gives tokens for a service that is called over HTTP alone,
// and makes no example of it, since examples are gRPC calls.
func TestDevWithoutGRPC(t *testing.T) {
	d := develop(t, strings.Replace(withOperations, "order-status:\n    grpc: [acme.orders.v1.OrderStatus]\n", "order-status:\n", 1))
	if page := strings.Join(d.page, "\n"); strings.Contains(page, "grpcaud call") || !strings.Contains(page, "Every service is called over HTTP alone: grpcaud token ") {
		t.Errorf("the page is\n%s", page)
	}
}
