package policyfile_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// matrixWith returns a file whose service has these lines.
func matrixWith(lines string) []byte {
	return []byte(`version: 1
issuers: {corp: {url: https://idp.example.com, preset: keycloak}}
services:
  order-status:
` + lines + `    allow:
      - {clients: [customer-portal], methods: ["*"], scopes: none}
clients: {customer-portal: {}}
`)
}

func TestOperationsAreRead(t *testing.T) {
	policy, err := policyfile.Parse("access.yaml", matrixWith(`    audience: https://orders.example.com
    http:
      operations:
        GetOrderStatus: GET /v1/orders/{id}
        CancelOrder: ["POST /v1/orders/{id}/cancel", "DELETE /v1/orders/{id}"]
      resource: https://orders.example.com
      documentation: https://docs.example.com/orders
`))
	if err != nil {
		t.Fatal(err)
	}
	want := &access.HTTP{
		Operations: map[string][]string{"GetOrderStatus": {"GET /v1/orders/{id}"}, "CancelOrder": {"POST /v1/orders/{id}/cancel", "DELETE /v1/orders/{id}"}},
		Resource:   "https://orders.example.com", Documentation: "https://docs.example.com/orders",
	}
	if diff := cmp.Diff(want, policy.Matrix().Services["order-status"].HTTP); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestMistakesInHTTPAreLocated has a row for each way to write http wrongly, with its line.
func TestMistakesInHTTPAreLocated(t *testing.T) {
	const grpc = "    grpc: [acme.orders.v1.OrderStatus]\n"
	for lines, want := range map[string]string{
		"":                                    `access.yaml:5:5: missing key "grpc"`,
		"    http: {}\n":                      "access.yaml:5:5: no operation",
		grpc + "    http:\n":                  "access.yaml:6:10: want a mapping, got nothing; write {} for an empty one",
		grpc + "    http: [a]\n":              "access.yaml:6:11: want a mapping, got a list",
		grpc + "    http: {operation: {}}\n":  `access.yaml:6:12: unknown key "operation", did you mean "operations"?`,
		grpc + "    http: {operations: {}}\n": "access.yaml:6:24: want a mapping from operations to patterns, got an empty one",
		grpc + "    http:\n      operations:\n        Get: []\n":                              "access.yaml:8:14: want a string or a list of strings, got an empty list",
		grpc + "    http:\n      operations:\n        Get: {GET: /v1}\n":                      "access.yaml:8:14: want a string, got a mapping",
		grpc + "    http:\n      operations:\n        Get: /v1/orders\n":                      `access.yaml:8:9: "/v1/orders" is not a pattern: no method: begin with one, such as GET /v1/orders/{id}`,
		grpc + "    http:\n      operations:\n        Get: [GET /v1, \"GET /v1/{a}x\"]\n":     `access.yaml:8:24: "GET /v1/{a}x" is not a pattern`,
		grpc + "    http:\n      operations:\n        A: GET /{x}/b\n        B: GET /a/{x}\n": `access.yaml:9:9: "GET /a/{x}" of B and "GET /{x}/b" of A: both match some requests, and neither is more specific`,
		grpc + "    http:\n      operations: {A: GET /a}\n      resource: orders\n":           `access.yaml:8:7: "orders" is not an https URL`,
		grpc + "    http:\n      operations: {A: GET /a}\n      resource: {}\n":               "access.yaml:8:17: want a URL such as https://orders.example.com, got a mapping",
		grpc + "    http:\n      operations: {A: GET /a, A: GET /b}\n":                        `access.yaml:7:31: duplicate key "A"`,
	} {
		_, err := policyfile.Parse("access.yaml", matrixWith(lines))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\nParse = %v, want %q", lines, err, want)
		}
	}
}

// TestOperationsOfIncludedFiles has a row for each thing that an included file may say of
// operations, or not.
func TestOperationsOfIncludedFiles(t *testing.T) {
	const team = "version: 1\nservices:\n  mine:\n    http: {operations: {Get: %}}\n    allow: [{clients: [a], methods: [Get], scopes: none}]\n"
	for name, test := range map[string]struct{ file, want string }{
		"own path":              {strings.Replace(team, "%", "GET /mine", 1), ""},
		"own host":              {strings.Replace(team, "%", `"GET mine.example.com/v1/orders/{id}"`, 1), ""},
		"path of another":       {strings.Replace(team, "%", `"GET /v1/orders/{x}"`, 1), `team.yaml:4:25: ["GET /v1/orders/{x}"] matches requests of ["GET /v1/orders/{id}"], "Get" of "orders" at`},
		"more specific":         {strings.Replace(team, "%", "GET /v1/orders/5", 1), "matches requests of"},
		"less specific":         {strings.Replace(team, "%", `"GET /{rest...}"`, 1), "matches requests of"},
		"more specific by host": {strings.Replace(team, "%", "HEAD mine.example.com/v1/orders/5", 1), ""},
		"host of another":       {strings.Replace(team, "%", `"GET hr.example.com/{x...}"`, 1), `of "people" at`},
		"public":                {strings.Replace(team, "[Get]", "[Other]", 1) + "public: [mine/Get]\n", ""},
		"public of another":     {strings.Replace(team, "%", "GET /mine", 1) + "public: [orders/Get]\n", `"orders/Get" belongs to no service of this file`},
		"resource":              {strings.Replace(strings.Replace(team, "%", "GET /mine", 1), "{operations", "{resource: https://mine.example.com, operations", 1), ""},
		"resource of another":   {strings.Replace(strings.Replace(team, "%", "GET /mine", 1), "{operations", "{resource: https://hr.example.com, operations", 1), `team.yaml:4:12: "https://hr.example.com" is the audience of "people" at`},
	} {
		dir := t.TempDir()
		first := `version: 1
includes: [teams/*/team.yaml]
issuers: {corp: {url: https://idp.example.com, preset: keycloak}}
services:
  orders:
    http: {operations: {Get: "GET orders.example.com/v1/orders/{id}"}}
    allow: [{clients: [a], methods: [Get], scopes: none}]
  people:
    audience: https://hr.example.com
    http: {operations: {Get: "GET hr.example.com/v1/people/{id}"}}
    allow: [{clients: [a], methods: [Get], scopes: none}]
clients: {a: {}}
`
		if name == "path of another" || name == "more specific" {
			first = strings.Replace(first, "orders.example.com/", "/", 1)
		}
		file := strings.NewReplacer("%", "GET /mine", "[Other]", `["*"]`).Replace(test.file)
		write(t, filepath.Join(dir, "access.yaml"), strings.Replace(first, "GET //", "GET /", 1))
		write(t, filepath.Join(dir, "teams", "mine", "team.yaml"), file)
		_, err := policyfile.Load(filepath.Join(dir, "access.yaml"))
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Load = %v, want %q", name, err, test.want)
		}
	}
}

// TestTemplatesOfAnotherFileAreKept shows that an included file cannot take requests of an
// operation that a .proto file gives a service of the first file.
func TestTemplatesOfAnotherFileAreKept(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "access.yaml"), `version: 1
includes: [team.yaml]
issuers: {corp: {url: https://idp.example.com, preset: keycloak}}
services:
  orders: {grpc: [acme.orders.v1.OrderStatus], http: {}, allow: [{clients: [a], methods: ["*"], scopes: none}]}
clients: {a: {}}
`)
	write(t, filepath.Join(dir, "team.yaml"), "version: 1\nservices:\n  mine: {http: {operations: {Get: GET /v1/orders/5}}, allow: [{clients: [a], methods: [Get], scopes: none}]}\n")
	option := access.MethodOptions{GRPC: "acme.orders.v1.OrderStatus", Method: "GetOrderStatus", Place: "orders.proto:OrderStatus.GetOrderStatus", HTTP: []string{"GET /v1/{name=orders/*}"}}
	if _, err := policyfile.Load(filepath.Join(dir, "access.yaml")); err != nil {
		t.Error(err)
	}
	_, err := policyfile.Load(filepath.Join(dir, "access.yaml"), option)
	if err == nil || !strings.Contains(err.Error(), `["GET /v1/orders/5"] matches requests of ["GET /v1/{name=orders/*}"], "GetOrderStatus" of "orders"`) {
		t.Errorf("Load = %v", err)
	}
}

// TestHTTPOptionsTakeNoName shows that paths in a .proto file do not keep a name from the
// service of an included file.
func TestHTTPOptionsTakeNoName(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "access.yaml"), "version: 1\nincludes: [team.yaml]\nissuers: {corp: {url: https://idp.example.com, preset: keycloak}}\nclients: {a: {}}\n")
	write(t, filepath.Join(dir, "team.yaml"), "version: 1\nservices:\n  acme.v1.Mine: {grpc: [acme.v1.Mine], http: {}, allow: [{clients: [a], methods: [Get], scopes: none}]}\n")
	policy, err := policyfile.Load(filepath.Join(dir, "access.yaml"), access.MethodOptions{GRPC: "acme.v1.Mine", Method: "Get", Place: "p", HTTP: []string{"GET /v1"}})
	if err != nil || !slices.Equal(policy.Services(), []string{"acme.v1.Mine"}) || len(policy.Operations("acme.v1.Mine")) != 1 {
		t.Errorf("Load = %+v, %v", policy, err)
	}
}
