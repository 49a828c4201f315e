package main_test

import (
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// live examines a running server.
func (f *field) live(t *testing.T, s *served, method string, args ...string) result {
	t.Helper()
	return f.run(t, "doctor", append(append([]string{"--live", s.Service + "=" + s.Addr, "--live-method", method}, s.flags...), args...)...)
}

// withoutScopes has the issuer give no scope to those that request none.
func (f *field) withoutScopes() {
	asked := f.issuer.Alter(testutil.Token, func(map[string]any) {})
	bare := f.issuer.Alter(testutil.Token, func(answer map[string]any) {
		token, _ := answer["access_token"].(string)
		claims := f.claims(token)
		delete(claims, "scope")
		answer["access_token"] = f.issuer.Mint(claims)
	})
	f.issuer.Fault(testutil.Token, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("scope") == "" {
			bare.ServeHTTP(w, r)
			return
		}
		asked.ServeHTTP(w, r)
	}))
}

// TestLiveServerThatChecks shows that a guarded server refuses each call, unary and
// streaming, and for the right reason.
func TestLiveServerThatChecks(t *testing.T) {
	f := newField(t)
	f.register("backoffice-portal", map[string][]string{"order-status": {"orders.read", "orders.write"}, "human-resource": nil, "echo": nil})
	f.register("order-status", map[string][]string{"human-resource": nil, "https://api.parcels.example": nil, "order-status": {"orders.read"}})
	f.withoutScopes()
	s := f.serve(t, "order-status", "--plaintext")
	expired := file(t, "expired", f.issuer.Mint(testutil.Claims{"aud": "order-status", "azp": "customer-portal", "sub": "a", "scope": "orders.read", "exp": time.Now().Add(-time.Hour).Unix()}))
	for _, method := range []string{"GetOrderStatus", "shop.orders.v1.OrderStatus/WatchOrderStatus"} {
		f.live(t, s, method, "--live-token-file", expired).want(t, 0, "7 refused, 0 let through, 0 unknown, 0 skipped",
			"CREDENTIALS_MISSING", "TOKEN_INVALID", "AUDIENCE_MISMATCH", "SCOPE_INSUFFICIENT", "CLIENT_NOT_ALLOWED", "TOKEN_EXPIRED")
	}
	for _, line := range s.lines(t) {
		if line["decision"] == "admitted" {
			t.Errorf("a call was admitted: %v", line)
		}
	}
	for _, format := range []string{"table", "markdown", "json"} {
		r := f.live(t, s, "GetOrderStatus", "-o", format)
		r.want(t, 0)
		golden(t, "doctor-live-"+format, strings.ReplaceAll(f.steady(r.stdout), s.Addr, "127.0.0.1:8080"))
	}
}

// TestLiveServerWithAnotherMatrix shows what is said of a server that checks less, or
// other things, than the matrix says.
func TestLiveServerWithAnotherMatrix(t *testing.T) {
	const both = "order-status:\n    audience: [order-status, human-resource]\n    grpc:"
	for _, row := range []struct {
		name, old, text string // of the server's matrix
		code            int
		args, wants     []string
	}{
		{"accepts another audience", "order-status:\n    grpc:", both, 1, nil, []string{
			"ACCEPTED: this server does not check the audience", "order-status       accepted  CLIENT_NOT_ALLOWED",
		}},
		{"accepts another audience of a client that may call", "order-status:\n    grpc:", both, 1, []string{"--live-other", "human-resource"}, []string{
			"ACCEPTED: this server does not check the audience", "backoffice-portal  accepted  SCOPE_INSUFFICIENT",
		}},
		{"demands no scope", "methods: [GetOrderStatus, WatchOrderStatus], scopes: [orders.read]", "methods: [GetOrderStatus, WatchOrderStatus], scopes: none", 1, nil, []string{"a token without its scope     backoffice-portal  admitted"}},
		{"trusts another issuer", "services:\n  order", "  partner: {url: 'https://partner.example'}\nservices:\n  order", 2, nil, []string{"refused for TOKEN_INVALID before that check"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newField(t)
			text := f.text
			f.withoutScopes()
			f.change(t, row.old, row.text)
			if row.code == 2 {
				f.text = strings.ReplaceAll(f.text, "    grpc: [shop.orders", "    issuers: [partner]\n    grpc: [shop.orders")
				f.text = strings.ReplaceAll(f.text, "    grpc: [shop.hr", "    issuers: [corp]\n    grpc: [shop.hr")
				f.text = strings.ReplaceAll(f.text, "    grpc: [grpcaud", "    issuers: [corp]\n    grpc: [grpcaud")
				f.text = strings.ReplaceAll(f.text, "clients: [customer-portal, backoffice-portal], methods: [GetOrderStatus", "clients: [theirs], methods: [GetOrderStatus")
				f.text = strings.ReplaceAll(f.text, "      - {clients: [backoffice-portal], methods: [\"*\"], scopes: [orders.write]}\n", "")
				f.text = strings.ReplaceAll(f.text, "{secret:", "{issuer: corp, secret:")
				f.text = strings.ReplaceAll(f.text, "clients:\n  customer", "clients:\n  theirs: {issuer: partner}\n  customer")
				write(t, f.matrix, f.text)
			}
			s := f.serve(t, "order-status", "--plaintext")
			f.text = text
			f.move(t)
			f.live(t, s, "GetOrderStatus", row.args...).want(t, row.code, row.wants...)
		})
	}
}

// unguarded starts a server that answers each call by f, and counts the calls and the
// tokens that arrive.
func unguarded(t *testing.T, answer func(grpc.ServerStream) error, opts ...grpc.ServerOption) (s *served, seen func() (calls, tokens int)) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex // guards calls and tokens
	var calls, tokens int
	server := grpc.NewServer(append(opts, grpc.WaitForHandlers(true), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		mu.Lock()
		calls, tokens = calls+1, tokens+len(metadata.ValueFromIncomingContext(stream.Context(), "authorization"))
		mu.Unlock()
		return answer(stream)
	}))...)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
	return &served{Addr: listener.Addr().String(), Service: "order-status", flags: []string{"--plaintext"}}, func() (int, int) {
		mu.Lock()
		defer mu.Unlock()
		return calls, tokens
	}
}

// withoutToken refuses calls without a token, as a server does that verifies none.
func withoutToken(stream grpc.ServerStream) error {
	if len(metadata.ValueFromIncomingContext(stream.Context(), "authorization")) == 0 {
		return status.Error(codes.Unauthenticated, "no token")
	}
	return stream.SendMsg(&emptypb.Empty{})
}

// failing answers with this code.
func failing(code codes.Code) func(grpc.ServerStream) error {
	return func(grpc.ServerStream) error { return status.Error(code, "of the server") }
}

// TestLiveServerWithoutGuard shows that a server which does not check is called once,
// gets no token, and is named loudly.
func TestLiveServerWithoutGuard(t *testing.T) {
	f := newField(t)
	for name, answer := range map[string]func(grpc.ServerStream) error{
		"a reply": func(stream grpc.ServerStream) error { return stream.SendMsg(&emptypb.Empty{}) },
		"an endless stream": func(stream grpc.ServerStream) error {
			_ = stream.SendMsg(&emptypb.Empty{})
			<-stream.Context().Done()
			return nil
		},
		"an empty stream":  func(grpc.ServerStream) error { return nil },
		"not found":        failing(codes.NotFound),
		"invalid argument": failing(codes.InvalidArgument),
		"internal":         failing(codes.Internal),
	} {
		s, seen := unguarded(t, answer)
		f.live(t, s, "GetOrderStatus").want(t, 1, "ADMITTED: this server does not check", "no further call was made")
		if calls, tokens := seen(); calls != 1 || tokens != 0 {
			t.Errorf("%s: %d calls with %d tokens, want 1 without", name, calls, tokens)
		}
	}
}

// TestLiveServerThatVerifiesNothing shows that a server gets no real token after it
// has admitted one that nobody vouches for.
func TestLiveServerThatVerifiesNothing(t *testing.T) {
	f := newField(t)
	s, seen := unguarded(t, withoutToken)
	f.live(t, s, "GetOrderStatus").want(t, 1, "ADMITTED", "a server that does not refuse a call with a token of another issuer gets no real token")
	if calls, tokens := seen(); calls != 2 || tokens != 1 {
		t.Errorf("%d calls with %d tokens, want 2 with 1", calls, tokens)
	}
}

// TestLiveServerThatSaysNothing shows that what could not be found out is neither right
// nor wrong, and that a guard of another kind is believed.
func TestLiveServerThatSaysNothing(t *testing.T) {
	f := newField(t)
	for _, row := range []struct {
		code   codes.Code
		status int
		want   string
	}{
		{codes.Unauthenticated, 0, "this server does not say why"},
		{codes.PermissionDenied, 0, "note: this server does not say why it refused the token for another service"},
		{codes.Unavailable, 2, "this does not show that the server checks"},
		{codes.ResourceExhausted, 2, "this does not show that the server checks"},
		{codes.Unimplemented, 2, "name a method that the server has"},
	} {
		s, seen := unguarded(t, failing(row.code))
		f.live(t, s, "GetOrderStatus").want(t, row.status, row.want)
		if calls, tokens := seen(); row.status == 2 && (calls != 1 || tokens != 0) {
			t.Errorf("%v: %d calls with %d tokens, want 1 without", row.code, calls, tokens)
		}
	}
	hanging, seen := unguarded(t, func(stream grpc.ServerStream) error { <-stream.Context().Done(); return stream.Context().Err() })
	f.live(t, hanging, "WatchOrderStatus", "--timeout", "50ms").want(t, 2, "DeadlineExceeded", "no further call was made")
	if _, tokens := seen(); tokens != 0 {
		t.Errorf("%d tokens arrived, want none", tokens)
	}
	f.live(t, &served{Addr: "127.0.0.1:1", Service: "order-status", flags: []string{"--plaintext"}}, "GetOrderStatus").want(t, 2, "Unavailable")
}

// TestLiveHandlerBehindAGuard shows that Unimplemented is the answer of the handler
// where a guard has refused another call.
func TestLiveHandlerBehindAGuard(t *testing.T) {
	f := newField(t)
	wide, err := policyfile.Parse("access.yaml", []byte(strings.NewReplacer(
		"order-status:\n    grpc:", "order-status:\n    audience: [order-status, human-resource]\n    grpc:", "scopes: [orders.read]", "scopes: none",
	).Replace(f.text)))
	if err != nil {
		t.Fatal(err)
	}
	admit, err := interceptor.NewServer(wide, interceptor.Services("order-status"), interceptor.Transport(f.issuer.Transport()), interceptor.AllowPlaintext(interceptor.Loopback), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer admit.Close()
	s, _ := unguarded(t, failing(codes.Unimplemented), admit.Options()...)
	f.live(t, s, "GetOrderStatus", "--live-other", "human-resource").want(t, 1, "ADMITTED", "the handler replied Unimplemented")
}

// TestLiveTokensOfOthers shows that a token for another service is sent only if the
// server could have it anyway, or if it is named; and only to the addresses of the
// service.
func TestLiveTokensOfOthers(t *testing.T) {
	f := newField(t)
	s := f.serve(t, "echo", "--plaintext")
	f.live(t, s, "Say").want(t, 2, "with --live-other", "this does not show that the server checks the audience\n")
	f.live(t, s, "Say", "--live-other", "order-status").want(t, 0, "a token for another service", "AUDIENCE_MISMATCH")
	f.live(t, s, "Say", "--live-other", "parcels", "--client", "customer-portal").want(t, 2, "no client with credentials here gets a token for parcels alone")

	unknown, seen := unguarded(t, failing(codes.Unauthenticated))
	f.move(t)
	f.change(t, "order-status:\n    grpc:", "order-status:\n    authorities: [orders.example.com]\n    grpc:")
	f.live(t, unknown, "GetOrderStatus").want(t, 2, `may be sent to ["orders.example.com"] only`)
	if _, tokens := seen(); tokens != 0 {
		t.Errorf("%d tokens arrived, want none", tokens)
	}
}

// TestLiveOfTheOnlyService shows what is left open where the matrix has one service.
func TestLiveOfTheOnlyService(t *testing.T) {
	d := develop(t, "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nservices: {orders: {grpc: [shop.v1.Orders], allow: [{clients: [portal], methods: [Get], scopes: none}]}}\nclients: {portal: {}}\n")
	run(t, "", "doctor", d.path("access.dev.yaml"), "--live", "orders="+d.serveAt(t), "--live-method", "Get", "--plaintext").
		want(t, 2, "3 refused", "the matrix has no other service, a token for which could be tried", "this does not show that the server checks the audience\n")
}

// TestLiveOverTLS shows that the flags of a connection hold.
func TestLiveOverTLS(t *testing.T) {
	f := newField(t)
	cert, key, ca := pair(t)
	s := f.serve(t, "order-status", "--tls-cert", cert, "--tls-key", key)
	s.flags = []string{"--tls-ca", ca}
	f.live(t, s, "GetOrderStatus").want(t, 0, "AUDIENCE_MISMATCH")
	s.flags = nil
	f.live(t, s, "GetOrderStatus").want(t, 2, "Unavailable", "certificate")
	plain := f.serve(t, "order-status", "--plaintext")
	plain.flags = nil
	f.live(t, plain, "GetOrderStatus").want(t, 2, "Unavailable: the server does not use TLS; on a loopback address use --plaintext", "this does not show that the server checks\n")
}

func TestLiveWrongUse(t *testing.T) {
	f := newField(t)
	f.change(t, `clients: [customer-portal], methods: ["*"], scopes: none}`, `clients: [customer-portal], methods: [Say], scopes: none}`)
	good := file(t, "good", f.issuer.Mint(testutil.Claims{"aud": "order-status", "azp": "customer-portal", "sub": "a", "scope": "orders.read"}))
	s := f.serve(t, "order-status", "--plaintext")
	f.live(t, s, "GetOrderStatus", "--live-token-file", good).want(t, 2, "the matrix admits it")
	for _, row := range []struct {
		want string
		args []string
	}{
		{"[live live-method]", []string{"--live", "order-status=127.0.0.1:1"}},
		{`got "order-status", want SERVICE=TARGET`, []string{"--live", "order-status", "--live-method", "GetOrderStatus"}},
		{`no service "orders" in the file`, []string{"--live", "orders=127.0.0.1:1", "--live-method", "GetOrderStatus"}},
		{`no service "parcels" in the file`, []string{"--live", "parcels=127.0.0.1:1", "--live-method", "Track"}},
		{`no service "hr" in the file`, []string{"--live", "order-status=127.0.0.1:1", "--live-method", "GetOrderStatus", "--live-other", "hr"}},
		{"the service that is called, want another", []string{"--live", "order-status=127.0.0.1:1", "--live-method", "GetOrderStatus", "--live-other", "order-status"}},
		{"anybody may call /grpc.health.v1.Health/Check", []string{"--live", "order-status=127.0.0.1:1", "--live-method", "grpc.health.v1.Health/Check"}},
		{"no rule lets anybody call /grpcaud.echo.v1.Echo/Chat", []string{"--live", "echo=127.0.0.1:1", "--live-method", "Chat"}},
		{"[live service]", []string{"--live", "echo=127.0.0.1:1", "--live-method", "Say", "--service", "echo"}},
		{"[live user-token-file]", []string{"--live", "echo=127.0.0.1:1", "--live-method", "Say", "--user-token-file", good}},
		{"--plaintext is for a running server", []string{"--plaintext"}},
		{"--live-other is for a running server", []string{"--live-other", "echo"}},
		{"no such file", []string{"--live", "echo=127.0.0.1:1", "--live-method", "Say", "--live-token-file", "missing"}},
	} {
		f.run(t, "doctor", row.args...).want(t, 2, "grpcaud: ", row.want)
	}
}
