package initial_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/initial"
)

// loads checks that the matrix of services loads, and that it closes each method.
func loads(t *testing.T, services []initial.Service) {
	t.Helper()
	text := initial.Matrix("x.proto\nversion: 2", services)
	policy, err := policyfile.Parse("access.yaml", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	guard, err := policy.Guard(policy.Services()...)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range services {
		for _, method := range s.Methods {
			if guard.Rule("/"+s.Full()+"/"+method) != nil {
				t.Errorf("%s of %s is open", method, s.Full())
			}
		}
	}
	if got := len(policy.Services()); got != len(services) {
		t.Errorf("%d services, want %d\n%s", got, len(services), text)
	}
}

// TestInitMatrixLoads shows names that need care.
func TestInitMatrixLoads(t *testing.T) {
	many := make([]initial.Service, 500)
	for n := range many {
		many[n] = initial.Service{Package: fmt.Sprintf("p%d.v1", n/2), Short: "Orders", Methods: []string{"Get"}}
	}
	for name, services := range map[string][]initial.Service{
		"no package":        {{Short: "Orders", Methods: []string{"Get"}}},
		"no methods":        {{Package: "a.v1", Short: "Orders"}},
		"words of YAML":     {{Package: "a.v1", Short: "Null", Methods: []string{"True", "No", "y", "OFF"}}, {Short: "yes", Methods: []string{"on"}}, {Short: "_", Methods: []string{"_"}}},
		"numbers, dates":    {{Package: "a.v1", Short: "_1e3"}, {Short: "_2026_01_01"}, {Short: "_0x1F"}, {Short: "_12"}},
		"the same name":     {{Package: "a.v1", Short: "Orders"}, {Package: "a_v1", Short: "Orders"}, {Package: "b", Short: "ORDERS"}, {Short: "a_v1_Orders"}},
		"500 services":      many,
		"twice, and health": {{Package: "a", Short: "B"}, {Package: "a", Short: "B"}, {Package: "grpc.health.v1", Short: "Health"}},
	} {
		t.Run(name, func(t *testing.T) {
			sorted, err := initial.Sort(services)
			if err != nil {
				t.Fatal(err)
			}
			loads(t, sorted)
		})
	}
}

func TestInitRefusesNamesThatAreNone(t *testing.T) {
	for _, s := range []initial.Service{
		{Short: "A\n", Methods: []string{"Get"}}, {Short: "A", Methods: []string{"Get]\npublic: [a"}}, {Short: ""}, {Package: "a..b", Short: "C"}, {Short: "1A"}, {Package: "é", Short: "A"},
	} {
		if _, err := initial.Sort([]initial.Service{s}); err == nil || !strings.Contains(err.Error(), "is not the name") {
			t.Errorf("%q: got %v, want an error", s, err)
		}
	}
	for want, services := range map[string][]initial.Service{
		"two methods Get": {{Short: "A", Methods: []string{"Get", "Get"}}},
		"declared twice":  {{Short: "A", Methods: []string{"Get"}}, {Short: "A", Methods: []string{"List"}}},
	} {
		if _, err := initial.Sort(services); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := initial.Sort([]initial.Service{{Package: "grpc.health.v1", Short: "Health"}}); err == nil {
		t.Error("health alone makes a matrix")
	}
}

// TestInitReadsLargeFiles shows that the time of a large file does not grow with the square
// of its size.
func TestInitReadsLargeFiles(t *testing.T) {
	services, methods := strings.Builder{}, strings.Builder{}
	methods.WriteString("service S {")
	for n := range 300_000 {
		fmt.Fprintf(&services, "service S%06d {}\n", n)
		fmt.Fprintf(&methods, "rpc M%06d (A) returns (B);\n", n)
	}
	methods.WriteString("}")
	for what, text := range map[string]string{"services": services.String(), "methods": methods.String()} {
		read := make(chan error, 1)
		go func() {
			found, err := initial.ReadProto("x.proto", text)
			if err == nil {
				_, err = initial.Sort(found)
			}
			read <- err
		}()
		select {
		case err := <-read:
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: not read after 30 seconds", what)
		}
	}
}

func TestInitNamesServices(t *testing.T) {
	for short, want := range map[string]string{
		"OrderStatus": "order-status", "HTTPServer": "http-server", "Orders": "orders", "OAuth2Login": "o-auth2-login", "my_service": "my-service",
		"_A_": "a", "ABC": "abc", "ordersV1": "orders-v1",
	} {
		sorted, err := initial.Sort([]initial.Service{{Short: short}})
		if err != nil || sorted[0].Name != want {
			t.Errorf("%s: got %v, %v; want %s", short, sorted, err, want)
		}
	}
}
