package connectguard_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/connectguard"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestEachReasonRefusesCalls shows that a call is admitted or refused alike in each
// protocol, with the code, the reason and the challenge of gRPC.
func TestEachReasonRefusesCalls(t *testing.T) {
	c := newCompany(t, &orders{})
	if err := c.revoked.Revoke(revocation.Entry{Issuer: issuerURL, Session: "ended", Expires: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		header http.Header
		code   connect.Code
		reason audience.Reason
	}{
		"good":               {bearer(c.mint(nil)), 0, ""},
		"no token":           {http.Header{}, connect.CodeUnauthenticated, audience.ReasonCredentialsMissing},
		"two tokens":         {http.Header{"Authorization": {"Bearer " + c.mint(nil), "Bearer x"}}, connect.CodeUnauthenticated, audience.ReasonCredentialsMalformed},
		"another scheme":     {http.Header{"Authorization": {"Basic eDp5"}}, connect.CodeUnauthenticated, audience.ReasonCredentialsMissing},
		"forged":             {bearer(c.mint(nil) + "x"), connect.CodeUnauthenticated, audience.ReasonTokenInvalid},
		"expired":            {bearer(c.mint(testutil.Claims{"iat": time.Now().Add(-2 * time.Hour).Unix(), "exp": time.Now().Add(-time.Hour).Unix()})), connect.CodeUnauthenticated, audience.ReasonTokenExpired},
		"revoked":            {bearer(c.mint(testutil.Claims{"sid": "ended"})), connect.CodeUnauthenticated, audience.ReasonTokenRevoked},
		"another audience":   {bearer(c.mint(testutil.Claims{"aud": "human-resource"})), connect.CodeUnauthenticated, audience.ReasonAudienceMismatch},
		"another client":     {bearer(c.mint(testutil.Claims{"client_id": "newsletter"})), connect.CodePermissionDenied, audience.ReasonClientNotAllowed},
		"a scope is missing": {bearer(c.mint(testutil.Claims{"scope": "openid"})), connect.CodePermissionDenied, audience.ReasonScopeInsufficient},
	} {
		for protocol, opts := range protocols {
			for shape, call := range calls {
				err := call(deadline(t), c, row.header, opts)
				if row.code == 0 {
					if err != nil {
						t.Errorf("%s, %s, %s: %v", name, protocol, shape, err)
					}
					continue
				}
				if connect.CodeOf(err) != row.code || reasonOf(err) != row.reason {
					t.Errorf("%s, %s, %s: got %v with reason %q, want %v with %q", name, protocol, shape, err, reasonOf(err), row.code, row.reason)
				}
				refusal, _ := errors.AsType[*connect.Error](err)
				if refusal != nil && refusal.Meta().Get("Www-Authenticate") == "" && row.code == connect.CodeUnauthenticated {
					t.Errorf("%s, %s, %s: no challenge in %v", name, protocol, shape, refusal.Meta())
				}
			}
		}
	}
}

// TestOutageIsUnavailable shows that what could not be found out is told apart.
func TestOutageIsUnavailable(t *testing.T) {
	c := newCompany(t, &orders{})
	token := c.mint(nil)
	c.issuer.Down()
	for protocol, opts := range protocols {
		for shape, call := range calls {
			if err := call(deadline(t), c, bearer(token), opts); connect.CodeOf(err) != connect.CodeUnavailable {
				t.Errorf("%s, %s: got %v, want %v", protocol, shape, err, connect.CodeUnavailable)
			}
		}
	}
}

// TestHandlersSeeTheCaller shows that handlers see who calls, and neither the token nor
// headers that could name another caller.
func TestHandlersSeeTheCaller(t *testing.T) {
	o := &orders{}
	c := newCompany(t, o)
	header := bearer(c.mint(nil))
	header.Set("X-Forwarded-User", "admin")
	header.Set("X-Trace", "t-1")
	for protocol, opts := range protocols {
		for shape, call := range calls {
			if err := call(deadline(t), c, header, opts); err != nil {
				t.Fatal(err)
			}
			o.mu.Lock()
			if o.caller.User != "ada" || o.caller.Client != "customer-portal" {
				t.Errorf("%s, %s: the handler sees %v", protocol, shape, o.caller)
			}
			if o.header.Get("Authorization") != "" || o.header.Get("X-Forwarded-User") != "" || o.header.Get("X-Trace") != "t-1" {
				t.Errorf("%s, %s: the handler sees the header %v", protocol, shape, o.header)
			}
			o.mu.Unlock()
		}
	}
}

// TestStreamsEndWithTheirTokens shows that a running stream is told in its protocol why it
// was ended: the session was revoked, and a stream of another session goes on.
func TestStreamsEndWithTheirTokens(t *testing.T) {
	for protocol, opts := range protocols {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			c, ctx := newCompany(t, &orders{}), deadline(t)
			ends, err := openStream(ctx, c, bearer(c.mint(nil)), opts)
			if err != nil {
				t.Fatal(err)
			}
			defer ends.Close()
			stays, err := openStream(ctx, c, bearer(c.mint(testutil.Claims{"sid": "s2"})), opts)
			if err != nil {
				t.Fatal(err)
			}
			defer stays.Close()
			if !ends.Receive() || !stays.Receive() {
				t.Fatalf("no first message: %v, %v", ends.Err(), stays.Err())
			}
			if err := c.revoked.Revoke(revocation.Entry{Issuer: issuerURL, Session: "s1", Expires: time.Now().Add(time.Hour)}); err != nil {
				t.Fatal(err)
			}
			if ends.Receive() {
				t.Fatal("a message after the end")
			}
			if err := ends.Err(); connect.CodeOf(err) != connect.CodeUnauthenticated || reasonOf(err) != audience.ReasonTokenRevoked {
				t.Errorf("got %v with reason %q, want %s", err, reasonOf(err), audience.ReasonTokenRevoked)
			}
			if err := stays.Err(); err != nil {
				t.Errorf("the other stream: %v", err)
			}
		})
	}
}

// TestUnaryCallsEndWithTheirTokens shows that a call whose token is revoked while its
// handler works is told so.
func TestUnaryCallsEndWithTheirTokens(t *testing.T) {
	for protocol, opts := range protocols {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			began := make(chan struct{})
			c := newCompany(t, &orders{get: func(ctx context.Context, _ *connect.Request[ordersv1.GetOrderStatusRequest]) (*connect.Response[ordersv1.GetOrderStatusResponse], error) {
				close(began)
				<-ctx.Done()
				return nil, context.Cause(ctx)
			}})
			done := make(chan error, 1)
			go func() { done <- calls["unary"](deadline(t), c, bearer(c.mint(nil)), opts) }()
			<-began
			if err := c.revoked.Revoke(revocation.Entry{Issuer: issuerURL, Session: "s1", Expires: time.Now().Add(time.Hour)}); err != nil {
				t.Fatal(err)
			}
			if err := <-done; reasonOf(err) != audience.ReasonTokenRevoked {
				t.Errorf("got %v with reason %q, want %s", err, reasonOf(err), audience.ReasonTokenRevoked)
			}
		})
	}
}

// TestSilentStreamsEnd shows that a stream whose handler waits for a client that sends
// nothing is ended too.
func TestSilentStreamsEnd(t *testing.T) {
	for _, protocol := range []string{"Connect", "gRPC", "gRPC-Web"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			c := newCompany(t, &orders{})
			client := connect.NewClient[ordersv1.UpdateOrderStatusRequest, ordersv1.UpdateOrderStatusResponse](c.server.Client(), c.server.URL+updateOrder, protocols[protocol]...)
			stream := client.CallBidiStream(deadline(t))
			stream.RequestHeader().Set("Authorization", "Bearer "+c.mint(testutil.Claims{"client_id": "backoffice-portal"}))
			if err := stream.Send(&ordersv1.UpdateOrderStatusRequest{OrderId: "o-1"}); err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Receive(); err != nil {
				t.Fatal(err)
			}
			if err := c.revoked.Revoke(revocation.Entry{Issuer: issuerURL, Session: "s1", Expires: time.Now().Add(time.Hour)}); err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Receive(); reasonOf(err) != audience.ReasonTokenRevoked {
				t.Errorf("got %v with reason %q, want %s", err, reasonOf(err), audience.ReasonTokenRevoked)
			}
			_ = stream.CloseRequest()
			_ = stream.CloseResponse()
		})
	}
}

// TestWhatIsNoMethodIsNotReached shows that only methods of the matrix are reached, in
// one spelling, and that a stranger is told nothing of what there is.
func TestWhatIsNoMethodIsNotReached(t *testing.T) {
	c := newCompany(t, &orders{})
	for _, path := range []string{
		"/internal/secrets", "/", getOrder + "/", "/x" + getOrder, strings.Replace(getOrder, "Get", "%47et", 1),
		"/acme.orders.v1.OrderStatus//GetOrderStatus", "/acme.orders.v1.OrderStatus/x/../GetOrderStatus", "/acme.orders.v1.OrderStatus/Delete",
	} {
		for token, want := range map[string]int{"": http.StatusUnauthorized, c.mint(nil): http.StatusForbidden} {
			r, err := http.NewRequestWithContext(deadline(t), http.MethodPost, c.server.URL, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			r.URL.Opaque = path
			r.Header.Set("Content-Type", "application/json")
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			answer, err := c.server.Client().Transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil || answer.StatusCode != want || strings.Contains(string(body), "secret") {
				t.Errorf("%s, with a token: %t: got %s %s, %v; want %d", path, token != "", answer.Status, body, err, want)
			}
		}
	}
}

// TestMistakesAtStart shows what [connectguard.New] refuses.
func TestMistakesAtStart(t *testing.T) {
	c := newCompany(t, &orders{})
	if _, err := connectguard.New(nil, http.NotFoundHandler()); err == nil {
		t.Error("no server: no error")
	}
	if _, err := connectguard.New(c.admit, nil); err == nil {
		t.Error("no handler: no error")
	}
	for want, text := range map[string]string{
		"UpdateOrderStatus":    strings.Replace(matrix, `methods: ["*"]`, "methods: [GetOrderStatus]", 1),
		"is not linked into":   strings.Replace(matrix, "acme.orders.v1.OrderStatus", "acme.orders.v2.OrderStatus", 1),
		"have no gRPC methods": strings.NewReplacer("grpc: [acme.orders.v1.OrderStatus]", `http: {operations: {GetOrderStatus: GET /o, WatchOrderStatus: GET /w, ListOrders: GET /l}}`).Replace(matrix),
	} {
		policy, err := policyfile.Parse("access.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.Transport(c.issuer.Transport()))
		if err != nil {
			t.Fatal(err)
		}
		_, err = connectguard.New(admit, http.NotFoundHandler())
		contains(t, err, want)
		_ = admit.Close()
	}
}
