package conformance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/internal/presented"
)

// hosts are the hosts of the services over HTTP, and targets what is requested there.
var (
	hosts   = map[string]string{"order-status": "orders.example.com", "human-resource": "hr.example.com"}
	targets = map[string]string{
		"GetOrderStatus": "GET /v1/orders/7", "WatchOrderStatus": "GET /v1/orders/7/changes", "UpdateOrderStatus": "PUT /v1/orders/7/status",
		"GetEmployee": "GET /v1/employees/7", "ListEmployees": "GET /v1/employees", "ReviewEmployees": "POST /v1/reviews",
	}
)

// withAllOperations gives both services the operations that they have in the examples.
func withAllOperations(t *testing.T) func(string) string {
	t.Helper()
	text, err := os.ReadFile("../../examples/backoffice/access.yaml")
	if err != nil {
		t.Fatal(err)
	}
	both := operations.FindAllString(string(text), -1)
	if len(both) != 2 {
		t.Fatalf("got %q, want the operations of two services", both)
	}
	return func(matrix string) string {
		for i, service := range []string{"order-status", "human-resource"} {
			head := "  " + service + ":\n    issuer: corp\n"
			matrix = strings.Replace(matrix, head, head+"    authorities: ["+hosts[service]+"]\n"+both[i], 1)
		}
		return matrix
	}
}

// TestExtAuthzHTTPConformance shows that Envoy decides about the requests of operations as
// the interceptor does about the methods of their names: for each cell of the matrix, and
// for each wrong token, over HTTP/1.1 and HTTP/2.
func TestExtAuthzHTTPConformance(t *testing.T) {
	if !asked("envoy") {
		idp.Envoy(t, nil) // skips
	}
	a := onLoopback
	a.matrix, a.upstream = withAllOperations(t), newREST(t)
	x := newExternal(t, a)
	clients := map[string]*http.Client{"HTTP/1.1": client(t, false), "HTTP/2": client(t, true)}
	for _, cell := range cells() {
		authorization := x.bearerOf(t, cell)
		for protocol, c := range clients {
			if got := x.request(t, c, cell.method, authorization); got != cell.want {
				t.Errorf("%s, %s at %s: got %s, want %s", protocol, cell.client, cell.full, got, cell.want)
			}
		}
	}
	table := "| the request has | a gRPC server says | Envoy says, over HTTP |\n|---|---|---|\n"
	for _, row := range x.issuer.Rows() {
		differing := map[string]bool{}
		for _, m := range []method{getOrderStatus, watchOrderStatus} {
			ours := x.atServer(t, m, row.Authorization)
			for protocol, c := range clients {
				got := x.request(t, c, m, row.Authorization...)
				if (got == "admitted") != row.Good {
					t.Errorf("%s, %s, %s: got %s, want admitted: %t", row.Name, protocol, m.shape, got, row.Good)
				}
				if got != ours {
					differing[fmt.Sprintf("| %s | `%s` | `%s` |\n", row.Name, ours, got)] = true
				}
			}
		}
		table += strings.Join(slices.Sorted(maps.Keys(differing)), "")
	}
	if err := presented.CheckTable("../../docs/extauthz.md", "<!-- reasons over HTTP:", table, *update); err != nil {
		t.Error(err)
	}
}

// atServer returns what the interceptor decides.
func (x *external) atServer(t *testing.T, m method, authorization []string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, value := range authorization {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", value)
	}
	return verdict(x.askServer(ctx, m))
}

// client returns a client for HTTP/1.1, or for HTTP/2 without TLS.
func client(t *testing.T, http2 bool) *http.Client {
	t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP1(!http2)
	transport.Protocols.SetUnencryptedHTTP2(http2)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// request requests the operation of a method's name. It returns "admitted", or the reason
// of the refusal.
func (x *external) request(t *testing.T, c *http.Client, m method, authorization ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	verb, path, _ := strings.Cut(targets[m.full[strings.LastIndexByte(m.full, '/')+1:]], " ")
	r, err := http.NewRequestWithContext(ctx, verb, "http://"+x.envoy.Target()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host, r.Header["Authorization"] = hosts[m.service], authorization
	response, err := c.Do(r)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	var problem struct{ Reason string }
	switch _ = json.Unmarshal(body, &problem); {
	case err != nil:
		return err.Error()
	case response.StatusCode == http.StatusOK:
		return "admitted"
	case problem.Reason != "":
		return problem.Reason
	}
	return response.Status + " " + string(body)
}
