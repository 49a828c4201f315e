package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

// TestMistakesInOperations has a row for each mistake in what the matrix says of HTTP.
func TestMistakesInOperations(t *testing.T) {
	http := func(h access.HTTP) func(*access.Service) {
		return func(s *access.Service) { s.HTTP = &h }
	}
	alone := func(operations map[string][]string, methods ...string) func(*access.Service) {
		return func(s *access.Service) {
			s.GRPC, s.HTTP, s.Allow[0].Methods = nil, &access.HTTP{Operations: operations}, methods
		}
	}
	get := map[string][]string{"Get": {"GET /v1/people/{id}"}}
	const at = "services.human-resource.http"
	for want, change := range map[string]func(*access.Service){
		at + `.operations.Get[0]: "/v1/people" is not a pattern: no method`:                                       http(access.HTTP{Operations: map[string][]string{"Get": {"/v1/people"}}}),
		at + `.operations.Get[1]: "GET /v1/{a}x" is not a pattern`:                                                http(access.HTTP{Operations: map[string][]string{"Get": {"GET /v1", "GET /v1/{a}x"}}}),
		at + `.operations.Get: no pattern`:                                                                        http(access.HTTP{Operations: map[string][]string{"Get": {}}}),
		at + `.operations.get it: "get it" is not the name`:                                                       http(access.HTTP{Operations: map[string][]string{"get it": {"GET /v1"}}}),
		at + `.operations.*: "*" is not the name`:                                                                 http(access.HTTP{Operations: map[string][]string{"*": {"GET /v1"}}}),
		at + `.operations.Get: "GET /v1/{b}" matches the same requests as another`:                                http(access.HTTP{Operations: map[string][]string{"Get": {"GET /v1/{a}", "GET /v1/{b}"}}}),
		at + `.operations.Put: "GET /{x}/b" of Put and "GET /a/{x}" of Get: both match`:                           http(access.HTTP{Operations: map[string][]string{"Get": {"GET /a/{x}"}, "Put": {"GET /{x}/b"}}}),
		at + `: no operation: name some`:                                                                          alone(nil, "*"),
		`services.human-resource.allow[0].methods[0]: "Gte" is no operation of this service, did you mean "Get"?`: alone(get, "Gte"),
		at + `.operations.Get: operation Get has no rule`: func(s *access.Service) {
			http(access.HTTP{Operations: get})(s)
			s.Allow[0].Methods = []string{"Other"}
		},
		`Get is closed, but allow[0] names it`:                           func(s *access.Service) { alone(get, "Get")(s); s.Closed = []string{"Get"} },
		at + `.resource: "http://hr.example.com" is not an https URL`:    http(access.HTTP{Operations: get, Resource: "http://hr.example.com"}),
		at + `.resource: "hr" is not an https URL`:                       http(access.HTTP{Operations: get, Resource: "hr"}),
		at + `.resource: "https:hr" is not an https URL`:                 http(access.HTTP{Operations: get, Resource: "https:hr"}),
		at + `.resource: "https://hr.example.com?a=b" must have neither`: http(access.HTTP{Operations: get, Resource: "https://hr.example.com?a=b"}),
		at + `.resource: "https://hr.example.com#" must have neither`:    http(access.HTTP{Operations: get, Resource: "https://hr.example.com#"}),
		at + `.resource: "hr.example.com" must have neither`:             http(access.HTTP{Operations: get, Resource: "https://u:p@hr.example.com"}),
		at + `.resource: "https://HR.example.com" has capital letters`:   http(access.HTTP{Operations: get, Resource: "https://HR.example.com"}),
		at + `.resource: "https://hr.example.com/../x" has a path`:       http(access.HTTP{Operations: get, Resource: "https://hr.example.com/../x"}),
		at + `.documentation: documentation is a part of the metadata`:   http(access.HTTP{Operations: get, Documentation: "https://docs.example.com"}),
		at + `.documentation: "docs" is not an https URL`:                http(access.HTTP{Operations: get, Resource: "https://hr.example.com", Documentation: "docs"}),
		`services: 4001 patterns of HTTP operations, want at most 4000`:  http(access.HTTP{Operations: many(4001)}),
	} {
		newRefuses(t, service(change), want)
	}
}

// many returns an operation with n patterns.
func many(n int) map[string][]string {
	patterns := make([]string, n)
	for i := range patterns {
		patterns[i] = fmt.Sprintf("GET /v1/{a}/%d/{rest...}", i)
	}
	return map[string][]string{"Get": patterns}
}

func TestMistakesInPublicOperations(t *testing.T) {
	for entry, want := range map[string]string{
		"order-status/Versions":   `public[0]: "Versions" is no operation of "order-status", did you mean "Version"?`,
		"order-status":            `public[0]: "order-status" is not the full name`,
		"orders":                  `public[0]: "orders" is guarded; it can be only one of the two`,
		"order-status/Get":        `order-status/Get is public as well`,
		"order-status/Closed":     `order-status/Closed is public as well`,
		"human-resource/Get":      `"human-resource" is not the full name`,
		"order-status/a b":        `is not a method`,
		"acme.hr.v1.Api/Get":      `"acme.hr.v1.Api" is a service here, and may be a gRPC service`,
		"acme.hr.v1.People/Count": `"acme.hr.v1.People" is a service here, and a gRPC service of "human-resource"`,
	} {
		newRefuses(t, func(m *access.Matrix) {
			*m = overHTTP(map[string][]string{"Get": {"GET /a"}, "Version": {"GET /version"}, "Closed": {"GET /closed"}}, func(s *access.Service) {
				s.Allow[0].Methods, s.Closed = []string{"Get"}, []string{"Closed"}
			})
			person := m.Services["human-resource"]
			person.GRPC = append(slices.Clone(person.GRPC), "acme.hr.v1.People")
			m.Services["human-resource"] = person
			for _, name := range []string{"orders", "acme.hr.v1.Api", "acme.hr.v1.People"} {
				m.Services[name] = access.Service{Issuers: []string{"corp"}, HTTP: &access.HTTP{Operations: map[string][]string{"Get": {"GET /b"}, "Count": {"GET /c"}}}}
			}
			m.Public = []string{entry}
		}, want)
	}
}

// TestContradictionsOfHTTPOptions has a row for each way in which the HTTP options of .proto
// files contradict the matrix, each other, or what can be told apart.
func TestContradictionsOfHTTPOptions(t *testing.T) {
	file := map[string][]string{"GetOrderStatus": {"GET /v1/orders/{id}"}}
	second := func(options []access.MethodOptions) []access.MethodOptions {
		options[len(options)-1].GRPC = "acme.orders.v2.OrderStatus"
		return options
	}
	demanding := func(options []access.MethodOptions) []access.MethodOptions {
		for i := range options {
			options[i].HTTP, options[i].Demands.Roles = nil, []string{"clerk"}
		}
		return second(options)
	}
	for name, test := range map[string]struct {
		operations map[string][]string
		options    []access.MethodOptions
		want       string
	}{
		"other path":        {file, annotated("GetOrderStatus: GET /v2/orders/{id}"), `services.order-status.http.operations.GetOrderStatus: GetOrderStatus is GET /v1/orders/{id} here, and GET /v2/orders/{id} at orders.proto:OrderStatus.GetOrderStatus`},
		"other method":      {file, annotated("GetOrderStatus: POST /v1/orders/{id}"), "GetOrderStatus is GET /v1/orders/{id} here, and POST"},
		"one path more":     {file, annotated("GetOrderStatus: GET /v1/orders/{id}, GET /orders/{id}"), "GetOrderStatus is GET /v1/orders/{id} here, and"},
		"every method":      {nil, annotated("GetOrderStatus: * /v1/orders/{id}"), `orders.proto:OrderStatus.GetOrderStatus: acme.orders.v1.OrderStatus/GetOrderStatus cannot be guarded over HTTP: "* /v1/orders/{id}": "*" is not a method`},
		"deep wildcard":     {nil, annotated("GetOrderStatus: GET /v1/{name=**}/x"), `cannot be guarded over HTTP: "GET /v1/{name=**}/x": ** stands before the end`},
		"order of the file": {nil, annotated("GetOrderStatus: GET /v1/latest", "Other: GET /v1/{id}"), "declare that one later"},
		"file and options":  {file, annotated("Latest: GET /v1/orders/latest"), "routers do not agree"},
		"two services":      {nil, second(annotated("GetOrderStatus: GET /v1/a", "GetOrderStatus: GET /v1/b")), "GetOrderStatus is an operation of acme.orders.v1.OrderStatus too"},
		"two demands":       {file, demanding(annotated("GetOrderStatus: x", "GetOrderStatus: x")), "GetOrderStatus is a method of acme.orders.v1.OrderStatus and of acme.orders.v2.OrderStatus, with demands at"},
	} {
		m := overHTTP(test.operations, func(s *access.Service) { s.GRPC = []string{"acme.orders.v1.OrderStatus", "acme.orders.v2.OrderStatus"} })
		if _, err := access.New(m, test.options...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: New = %v, want an error that says %q", name, err, test.want)
		}
	}
}

func TestWarningsAboutOperations(t *testing.T) {
	m := overHTTP(nil, func(s *access.Service) { s.HTTP.Resource = "https://orders.example.com" })
	service(func(s *access.Service) {
		s.HTTP = &access.HTTP{Operations: map[string][]string{"Version": {"GET /version"}}}
	})(&m)
	m.Public = []string{"human-resource/Version"}
	warned := strings.Join(told(t, m, access.Warning), "\n")
	for _, want := range []string{
		`public[0]: human-resource/Version is open to anybody, though "human-resource" is guarded`,
		"services.order-status.http: no operation, so every HTTP request is refused",
		`services.order-status.http.resource: no audience of this service is "https://orders.example.com"`,
	} {
		if !strings.Contains(warned, want) {
			t.Errorf("warnings %q, want %q", warned, want)
		}
	}
}
