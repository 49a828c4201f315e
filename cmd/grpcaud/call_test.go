package main_test

import (
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/testutil"
)

// TestCallOfEachKind shows that calls of each kind work, with requests and replies as
// JSON.
func TestCallOfEachKind(t *testing.T) {
	f := newField(t)
	s := f.serve(t, "echo", "--plaintext")
	for _, row := range []struct {
		method, data string
		replies      int
		want         string
	}{
		{"Say", `{"text": "a"}`, 1, `"text": "a"`},
		{"Say", "", 1, `"client": "customer-portal"`},
		{"grpcaud.echo.v1.Echo/Repeat", `{"text": "b", "times": 3}`, 3, `"text": "b"`},
		{"Collect", `{"text": "c"} {"text": "d"}`, 1, "\"c\",\n    \"d\""},
		{"Chat", `{"text": "e"}{"text": "f"}`, 2, `"text": "f"`},
		{"Chat", "@" + file(t, "request.json", `{"text": "g"}`), 1, `"text": "g"`},
	} {
		r := f.call(t, s, "customer-portal", row.method, "-d", row.data)
		r.want(t, 0, row.want, f.issuer.URL())
		if got := strings.Count(r.stdout, `"caller"`); got != row.replies {
			t.Errorf("%s: %d replies, want %d\n%s", row.method, got, row.replies, r.stdout)
		}
	}
}

// TestCallFindsTheMessages shows that messages are known from descriptors, or from the
// server by reflection, or not at all.
func TestCallFindsTheMessages(t *testing.T) {
	f := newField(t)
	set := shopSet(t)
	plain, described := f.serve(t, "order-status", "--plaintext"), f.serve(t, "order-status", "--plaintext", "--descriptors", set)
	const id = `{"order_id": "42"}`
	for _, row := range []struct {
		name string
		s    *served
		code int
		want string
		args []string
	}{
		{"unknown, empty", plain, 0, `{"bytes": 0}`, nil},
		{"unknown, with data", plain, 2, "are not known, since the server has no description of the service; give --descriptors", []string{"-d", id}},
		{"descriptors", plain, 0, "{}", []string{"--descriptors", set, "-d", id}},
		{"reflection", described, 0, "{}", []string{"-d", id}},
		{"reflection, server streaming", described, 0, "{}", []string{"WatchOrderStatus", "-d", id}},
		{"reflection, no such method", described, 2, `no method "GetOrderStatu", did you mean "GetOrderStatus"?`, []string{"GetOrderStatu"}},
		{"bad data", described, 2, "request 1: ", []string{"-d", `{"order": 1}`}},
		{"no JSON", described, 2, "request 1: ", []string{"-d", `{`}},
		{"too many", described, 2, "takes one request, got 2", []string{"-d", id + id}},
		{"none", described, 2, "takes one request, got 0", []string{"-d", " "}},
		{"missing file", described, 2, "no such file", []string{"-d", "@missing"}},
	} {
		client := "customer-portal"
		if strings.Contains(row.name, "no such") {
			client = "backoffice-portal"
		}
		r := f.call(t, row.s, client, row.args...)
		r.stdout = strings.Join(strings.Fields(r.stdout), " ")
		r.stdout = strings.NewReplacer("{ ", "{", " }", "}").Replace(r.stdout)
		if r.want(t, row.code, row.want); t.Failed() {
			t.Fatal(row.name)
		}
	}
}

// TestCallRefused shows what is written about a refusal of the server or the issuer.
func TestCallRefused(t *testing.T) {
	f := newField(t)
	s := f.serve(t, "order-status", "--plaintext")
	f.move(t)
	f.change(t, "{clients: [customer-portal, backoffice-portal], methods: [GetOrderStatus, WatchOrderStatus], scopes: [orders.read]}",
		"{clients: [customer-portal], methods: [GetOrderStatus], scopes: none}")
	f.register("customer-portal", map[string][]string{"order-status": {"orders.list"}})
	r := f.call(t, s, "customer-portal")
	r.want(t, 1)
	golden(t, "call-refused", f.steady(r.stdout))
	r = f.call(t, s, "customer-portal", "-o", "json")
	r.want(t, 1)
	golden(t, "call-refused-json", f.steady(r.stdout))
	id := regexp.MustCompile(`"request_id": "([A-Z2-7]+)"`).FindStringSubmatch(r.stdout)
	if lines := s.lines(t); id == nil || lines[len(lines)-1]["request_id"] != id[1] {
		t.Errorf("request id %q is not that of the log: %v", id, lines[len(lines)-1])
	}
	f.call(t, s, "customer-portal", "UpdateOrderStatus").want(t, 1, "refused: CLIENT_NOT_ALLOWED", "name it under clients")

	// An issuer that gives no token, and a matrix that does not let the client call.
	f.call(t, s, "order-status").want(t, 1, "not allowed: order-status for order-status", "--anyway")
	f.call(t, s, "order-status", "--anyway").want(t, 1, "no token: order-status for order-status", "invalid_target", `the matrix does not let client "order-status" call order-status: see services.order-status.allow (`+f.matrix+":7)")
	f.issuer.Down()
	f.call(t, s, "customer-portal", "grpc.health.v1.Health/Check").want(t, 0, "status") // for which nobody asks for a token
	f.call(t, s, "customer-portal").want(t, 2, "unknown: customer-portal for order-status")
}

// TestCallWithoutAVerdict shows that a server which cannot verify a token has not
// refused it.
func TestCallWithoutAVerdict(t *testing.T) {
	f := newField(t)
	f.issuer.Fault(testutil.JWKS, testutil.RespondStatus(503))
	f.call(t, f.serve(t, "order-status", "--plaintext"), "customer-portal").want(t, 2, "unknown: ISSUER_UNAVAILABLE", "Unavailable")
}

// TestCallOfAnExternalAPI shows that an API of others is called by the full name of its
// method, with a token for it.
func TestCallOfAnExternalAPI(t *testing.T) {
	f := newField(t)
	f.change(t, `clients: [order-status]}`, `clients: [order-status, customer-portal]}`)
	f.change(t, "parcels.v1.Parcels", "shop.orders.v1.OrderStatus")
	s := f.serve(t, "order-status", "--plaintext")
	s.Service = "parcels"
	f.call(t, s, "order-status", "GetOrderStatus").want(t, 1, "refused: AUDIENCE_MISMATCH", `aud`)
	f.call(t, s, "order-status").want(t, 2, `name the method of "parcels" with its gRPC service`)
	f.call(t, s, "order-status", "other.v1.Other/Get").want(t, 2, "belongs to none of the services")
}

func TestCallWrongUse(t *testing.T) {
	f := newField(t)
	s := f.serve(t, "order-status", "--plaintext")
	for _, row := range []struct {
		want string
		args []string
	}{
		{`no client "customer" in the file`, []string{"--as", "customer"}},
		{`no service "orders" in the file`, []string{"--for", "orders"}},
		{`header "x", want name=value`, []string{"--header", "x"}},
		{"the header authorization carries the requested token", []string{"--header", "Authorization=Bearer x"}},
		{"Unavailable", []string{"--addr", "127.0.0.1:1"}},
		{"[plaintext tls-ca]", []string{"--tls-ca", f.ca}},
		{"invalid argument", []string{"--timeout", "soon"}},
		{"deadline exceeded", []string{"--timeout", "1ns"}},
	} {
		f.call(t, s, "customer-portal", row.args...).want(t, 2, row.want)
	}
	f.call(t, s, "customer-portal", "--header", "x-trace=1").want(t, 0)
	f.run(t, "call", "--as", "customer-portal", "--for", "order-status", "--addr", s.Addr, "--tls-ca", "missing").want(t, 2, "no such file")
}

// foreignServer starts a server that answers each call with this status and these
// trailers, and returns its address. An ErrorInfo proves, as that of a guard does, that
// it is about this call.
func foreignServer(t *testing.T, st *status.Status, trailer metadata.MD) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.WaitForHandlers(true), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		stream.SetTrailer(trailer)
		p := st.Proto()
		for i, detail := range st.Details() {
			if info, ok := detail.(*errdetails.ErrorInfo); ok {
				method, _ := grpc.MethodFromServerStream(stream)
				info.Metadata["call"] = strings.Join(metadata.ValueFromIncomingContext(stream.Context(), "grpcaud-call"), " ") + " " + method[1:]
				if err := p.Details[i].MarshalFrom(info); err != nil {
					return err
				}
			}
		}
		return status.FromProto(p).Err()
	}))
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
	return listener.Addr().String()
}

// TestCallOfAHostileServer shows that the texts of a server cannot control the terminal,
// and that its own errors are not taken for refusals.
func TestCallOfAHostileServer(t *testing.T) {
	f := newField(t)
	red, err := status.New(codes.PermissionDenied, "\x1b[31mred").WithDetails(&errdetails.ErrorInfo{
		Domain: "grpcaud", Reason: "\x1b[31mRED", Metadata: map[string]string{"request_id": "\x1b[31m1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		code    int
		st      *status.Status
		trailer metadata.MD
		want    string
	}{
		{2, status.New(codes.NotFound, "\x1b[31mred\nand more"), nil, "NotFound"},
		{2, status.New(codes.PermissionDenied, "not today"), nil, "PermissionDenied: not today"},
		{1, status.New(codes.Unauthenticated, "go away"), metadata.Pairs("www-authenticate", `Bearer realm="api", error="invalid_token"`), `Bearer realm="api", error="invalid_token"`},
		{1, red, nil, "PermissionDenied"},
	} {
		s := &served{Addr: foreignServer(t, row.st, row.trailer), Service: "order-status", flags: []string{"--plaintext"}}
		for _, format := range []string{"text", "json"} {
			r := f.call(t, s, "customer-portal", "-o", format)
			r.want(t, row.code)
			if strings.Contains(r.stdout+r.stderr, "\x1b") || !strings.Contains(strings.ReplaceAll(r.stdout+r.stderr, `\"`, `"`), strings.Split(row.want, ":")[0]) {
				t.Errorf("%v: %q%q", row.st, r.stdout, r.stderr)
			}
		}
	}
}

// TestCallWithTLSOfAServerWithoutTLS shows that the error says why the handshake fails.
func TestCallWithTLSOfAServerWithoutTLS(t *testing.T) {
	f := newField(t)
	s := f.serve(t, "order-status", "--plaintext")
	s.flags = nil
	f.call(t, s, "customer-portal").want(t, 2, "the server does not use TLS; on a loopback address use --plaintext")
}

// TestCallOfAMisspelledMethod shows that the right method is suggested, whether the
// rules refuse the wrong one or the server does not have it.
func TestCallOfAMisspelledMethod(t *testing.T) {
	f := newField(t)
	const want = `the file does not name "GetOrderState", did you mean "GetOrderStatus"?`
	s := f.serve(t, "order-status", "--plaintext")
	f.call(t, s, "customer-portal", "GetOrderState").want(t, 1, "CLIENT_NOT_ALLOWED", want)
	s = &served{Addr: foreignServer(t, status.New(codes.Unimplemented, "unknown method"), nil), Service: "order-status", flags: []string{"--plaintext"}}
	f.call(t, s, "customer-portal", "GetOrderState").want(t, 2, "Unimplemented", want)
}
