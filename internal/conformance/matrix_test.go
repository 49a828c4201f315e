package conformance_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/tokensource"
)

// verdicts are the expected results of the company's matrix, written by hand. A client
// that may not call a service presents the token that it has for the other one.
const verdicts = `
method                                             shape   customer-portal     backoffice-portal  order-status
/acme.orders.v1.OrderStatus/GetOrderStatus         unary   admitted            admitted           AUDIENCE_MISMATCH
/acme.orders.v1.OrderStatus/WatchOrderStatus       stream  admitted            admitted           AUDIENCE_MISMATCH
/acme.orders.v1.OrderStatus/UpdateOrderStatus      unary   CLIENT_NOT_ALLOWED  admitted           AUDIENCE_MISMATCH
/acme.hr.v1.HumanResource/GetEmployee              unary   AUDIENCE_MISMATCH   admitted           admitted
/acme.hr.v1.HumanResource/ListEmployees            stream  AUDIENCE_MISMATCH   admitted           CLIENT_NOT_ALLOWED
/acme.hr.v1.HumanResource/ReviewEmployees          stream  AUDIENCE_MISMATCH   admitted           CLIENT_NOT_ALLOWED
`

// services are the services of the matrix, by the prefix of their methods.
var services = map[string]string{"/acme.orders.v1.OrderStatus": "order-status", "/acme.hr.v1.HumanResource": "human-resource"}

// other maps each service to the other one.
var other = map[string]string{"order-status": "human-resource", "human-resource": "order-status"}

// A cell is a call of a client, and its expected result.
type cell struct {
	method
	client, want string
}

func cells() []cell {
	lines := strings.Split(strings.TrimSpace(verdicts), "\n")
	columns := strings.Fields(lines[0])[2:]
	var all []cell
	for _, line := range lines[1:] {
		fields := strings.Fields(line)
		service, _, _ := strings.Cut(fields[0][1:], "/")
		for i, client := range columns {
			all = append(all, cell{method{fields[1], services["/"+service], fields[0]}, client, fields[2+i]})
		}
	}
	return all
}

// theMatrix calls every method as every client.
func theMatrix(t *testing.T, c *company) {
	conns := map[string]*grpc.ClientConn{}
	for _, cell := range cells() {
		key := cell.client + " " + cell.service
		if conns[key] == nil {
			conns[key] = c.serve(t, cell.service, c.dial(t, cell.client, cell.service)...)
		}
		if got := cell.call(t, conns[key]); got != cell.want {
			t.Errorf("%s at %s: got %s, want %s", cell.client, cell.full, got, cell.want)
		}
	}
}

// dial returns the options of a client's connection to a service: those of the matrix,
// or else the client's token for the other service.
func (c *company) dial(t *testing.T, client, service string) []grpc.DialOption {
	t.Helper()
	as := c.client(t, client)
	if _, err := c.policy.Target(client, service); err == nil {
		return as.DialOptions(service)
	}
	tokens, request, err := as.Tokens(other[service])
	if err != nil {
		t.Fatal(err)
	}
	replayed := tokensource.Func(func(ctx context.Context, _ tokensource.Request) (tokensource.Token, error) {
		return tokens.Token(ctx, request)
	})
	return []grpc.DialOption{grpc.WithPerRPCCredentials(interceptor.AsService(replayed, c.audienceOf(service)))}
}
