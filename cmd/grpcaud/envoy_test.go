package main_test

import (
	"context"
	"encoding/pem"
	"maps"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/testutil"
)

// open serves each method and checks no token.
func open(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		return stream.SendMsg(&emptypb.Empty{})
	}))
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

// fronted starts Envoy, with the exported configuration of a matrix, before an open server.
func fronted(t *testing.T, matrix string, args ...string) *grpc.ClientConn {
	t.Helper()
	r := run(t, "", append([]string{"export", matrix, "--to", "envoy", "--bootstrap", "--listen", "127.0.0.1:0", "--upstream", open(t)}, args...)...)
	if r.code != 0 {
		t.Fatal(r.stderr)
	}
	conn, err := grpc.NewClient(idp.Envoy(t, []byte(r.stdout)).Addr("grpc"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// call calls a method, unary and streaming, with these values of authorization. Both must have
// the same result.
func call(t *testing.T, conn *grpc.ClientConn, method string, authorization ...string) codes.Code {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, value := range authorization {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", value)
	}
	var answer emptypb.Empty
	unary := conn.Invoke(ctx, method, &emptypb.Empty{}, &answer, grpc.WaitForReady(true))
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err == nil {
		stream.CloseSend()
		err = stream.RecvMsg(&answer)
	}
	if status.Code(unary) != status.Code(err) {
		t.Errorf("%s: unary %v, streaming %v", method, unary, err)
	}
	return status.Code(unary)
}

var methods = []struct{ service, method, path string }{
	{"order-status", "GetOrderStatus", "/acme.orders.v1.OrderStatus/GetOrderStatus"},
	{"order-status", "WatchOrderStatus", "/acme.orders.v1.OrderStatus/WatchOrderStatus"},
	{"order-status", "UpdateOrderStatus", "/acme.orders.v1.OrderStatus/UpdateOrderStatus"},
	{"human-resource", "GetEmployee", "/acme.hr.v1.HumanResource/GetEmployee"},
	{"human-resource", "ListEmployees", "/acme.hr.v1.HumanResource/ListEmployees"},
}

// presented are values of authorization, by what is unusual about them.
func presented(issuer *testutil.Issuer) map[string]string {
	stranger := testutil.NewKey("RS256")
	all := map[string]string{
		"of another key":        token(issuer, nil, testutil.SignedBy(stranger), testutil.Header("kid", "k1")),
		"of another issuer":     token(issuer, testutil.Claims{"iss": "https://login.elsewhere.example"}),
		"of the issuer, almost": token(issuer, testutil.Claims{"iss": "https://idp.example.com/realms/corp/"}),
		"no token":              "b7c9d2",
		"a logout token by typ": token(issuer, nil, testutil.Header("typ", "logout+jwt")),
		"typ in full":           token(issuer, nil, testutil.Header("typ", "Application/JWT")),
		"no typ":                token(issuer, nil, testutil.Header("typ", nil)),
	}
	for name, claims := range ofPortal() {
		all[name] = token(issuer, claims)
	}
	return all
}

// ofPortal are tokens of the portal for the order status, by what differs.
func ofPortal() map[string]testutil.Claims {
	later := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	all := maps.Clone(portals)
	maps.Copy(all, map[string]testutil.Claims{
		"expired":              {"exp": later(-time.Minute)},
		"expired a moment ago": {"exp": later(-5 * time.Second)},
		"without an end":       {"exp": nil},
		"for a week":           {"exp": later(7 * 24 * time.Hour)},
		"not yet":              {"nbf": later(time.Hour)},
	})
	return all
}

// portals are those of ofPortal that have not expired.
var portals = map[string]testutil.Claims{
	"the portal's":              nil,
	"for nobody":                {"aud": nil},
	"for the human resources":   {"aud": "human-resource"},
	"for both":                  {"aud": []string{"order-status", "human-resource"}},
	"for one, in an array":      {"aud": []string{"order-status"}},
	"for both, of nobody":       {"aud": []string{"order-status", "human-resource"}, "azp": nil},
	"for it with a slash":       {"aud": "order-status/"},
	"for it with a scheme":      {"aud": "https://order-status"},
	"for it in capitals":        {"aud": "Order-Status"},
	"the back office's":         {"azp": "backoffice-portal"},
	"the back office's, to hr":  {"azp": "backoffice-portal", "aud": "human-resource", "scope": nil},
	"the order status's, to hr": {"azp": "order-status", "aud": "human-resource", "scope": nil},
	"one that may write":        {"azp": "backoffice-portal", "scope": "orders.write"},
	"one that may do both":      {"azp": "backoffice-portal", "scope": "openid orders.write orders.read"},
	"a customer who may write":  {"scope": "orders.read orders.write"},
	"of a client unheard of":    {"azp": "nobody"},
	"of two clients":            {"client_id": "backoffice-portal"},
	"of a client named twice":   {"client_id": "customer-portal"},
	"no scope":                  {"scope": nil},
	"a scope almost":            {"scope": "orders.reader xorders.read"},
	"an ID token":               {"typ": "ID"},
	"a refresh token":           {"typ": "Refresh"},
	"no payload typ":            {"typ": nil},
	"a nonce":                   {"nonce": "n"},
	"an ID token with a nonce":  {"nonce": "n", "typ": "ID"},
	"an ID token by at_hash":    {"at_hash": "h"},
	"a logout token":            {"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}},
	"bound by DPoP":             {"cnf": map[string]any{"jkt": "x"}},
}

// TestEnvoyAgrees compares Envoy with the engine, for each token at each method.
func TestEnvoyAgrees(t *testing.T) {
	issuer, keys := corp(t)
	conn := fronted(t, company, "--jwks-file", keys)
	for name, token := range presented(issuer) {
		for _, m := range methods {
			code := call(t, conn, m.path, "Bearer "+token)
			verdict := run(t, token, "explain", company, "--service", m.service, "--method", m.method, "--jwks", keys)
			if admitted := verdict.code == 0; admitted != (code == codes.OK) || verdict.code > 1 {
				t.Errorf("%s at %s: Envoy says %v, the engine\n%s%s", name, m.path, code, verdict.stdout, verdict.stderr)
			}
		}
	}
}

// TestEnvoyRefusesMalformedAuthorization shows what is refused before a token is verified.
func TestEnvoyRefusesMalformedAuthorization(t *testing.T) {
	issuer, keys := corp(t)
	conn := fronted(t, company, "--jwks-file", keys)
	good := token(issuer, nil)
	const method = "/acme.orders.v1.OrderStatus/GetOrderStatus"
	for _, row := range []struct {
		name, method  string
		authorization []string
		want          codes.Code
	}{
		{"good", method, []string{"Bearer " + good}, codes.OK},
		{"scheme in lower case", method, []string{"bearer " + good}, codes.OK},
		{"nothing", method, nil, codes.Unauthenticated},
		{"another scheme", method, []string{"Basic " + good}, codes.Unauthenticated},
		{"twice", method, []string{"Bearer " + good, "Bearer " + good}, codes.PermissionDenied},
		{"in the path", method + "?access_token=" + good, nil, codes.Unauthenticated},
		{"beside a query", method + "?a=b", []string{"Bearer " + good}, codes.PermissionDenied},
		{"a method without a rule", "/acme.orders.v1.OrderStatus/CancelOrder", []string{"Bearer " + good}, codes.PermissionDenied},
		{"a service without a rule", "/acme.orders.v1.Archive/GetOrder", []string{"Bearer " + good}, codes.PermissionDenied},
		{"reflection", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", nil, codes.PermissionDenied},
		{"public", "/grpc.health.v1.Health/Check", nil, codes.OK},
		{"public with a bad token", "/grpc.health.v1.Health/Check", []string{"Bearer x"}, codes.OK},
		{"wrong audience", "/acme.hr.v1.HumanResource/GetEmployee", []string{"Bearer " + good}, codes.PermissionDenied},
	} {
		if got := call(t, conn, row.method, row.authorization...); got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}

// TestEnvoyWithoutKeysAdmitsNobody shows that nobody is admitted if the keys cannot be fetched,
// or if Envoy cannot judge the tokens of the issuer.
func TestEnvoyWithoutKeysAdmitsNobody(t *testing.T) {
	issuer, _ := corp(t)
	const method = "/acme.orders.v1.OrderStatus/GetOrderStatus"
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: testutil.NewCA().Certificate("idp.example.com").Certificate[0]})
	if got := call(t, fronted(t, company, "--ca-file", file(t, "ca.pem", string(authority))), method, "Bearer "+token(issuer, nil)); got != codes.Unauthenticated {
		t.Errorf("without keys: got %v, want %v", got, codes.Unauthenticated)
	}
	matrix := file(t, "access.yaml", "version: 1\nissuers: {a: {url: https://idp.example.com/realms/corp, preset: keycloak, bound: required}}\n"+
		"services: {order-status: {grpc: [acme.orders.v1.OrderStatus], allow: [{clients: [c], methods: [GetOrderStatus], scopes: none}]}}\nclients: {c: {}}\n")
	if got := call(t, fronted(t, matrix), method, "Bearer "+token(issuer, nil)); got != codes.PermissionDenied {
		t.Errorf("with tokens that must be bound: got %v, want %v", got, codes.PermissionDenied)
	}
}
