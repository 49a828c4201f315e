package interceptor_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// hop is a chain of services: a caller, order-status, which calls with a client of the
// matrix, and the next service, which the test chooses.
type hop struct {
	issuer *testutil.Issuer
	orders *orders
	conn   *grpc.ClientConn // to the order status
}

// newHop makes order-status call human-resource over the connection further.
func newHop(t *testing.T, issuer *testutil.Issuer, further *grpc.ClientConn) *hop {
	h := &hop{issuer: issuer, orders: &orders{}}
	h.orders.inHandler = func(ctx context.Context) error {
		_, err := employee(ctx, further)
		return err
	}
	h.conn = connect(t, issuer, h.orders)
	return h
}

// alice returns a context for a call of a user, alice, and her token.
func (h *hop) alice(ctx context.Context) (context.Context, string) {
	token := h.issuer.User("backoffice-portal", "alice", "order-status")
	return bearing(ctx, "Bearer "+token), token
}

// TestRefusedExchangedTokenIsExchangedAgain shows that a client of the matrix
// exchanges the caller's token, and exchanges it again if the exchanged token is
// refused.
func TestRefusedExchangedTokenIsExchangedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, script := range map[string][]audience.Reason{"admitted": {""}, "refused once": {audience.ReasonTokenRevoked, ""}} {
			for shape, call := range shapes {
				issuer := newIssuer()
				g := &gate{script: script}
				client := newClient(t, issuer, company(t, withSecrets(t)), "order-status")
				h := newHop(t, issuer, g.serve(t, client.DialOptionsOnBehalfOf("human-resource")...))
				ctx, token := h.alice(t.Context())
				if err := call(ctx, h.conn); status.Code(err).String() != "Unimplemented" { // it was admitted
					t.Errorf("%s, %s: %v", name, shape, err)
				}
				if n := issuer.Requests(testutil.Token); n != len(script) || len(g.tokens) != len(script) {
					t.Errorf("%s, %s: %d token requests for %d attempts, want %d", name, shape, n, len(g.tokens), len(script))
				}
				if strings.Contains(strings.Join(g.tokens, " "), token) {
					t.Errorf("%s, %s: the caller's own token went on", name, shape)
				}
			}
		}
	})
}

// TestOutageOfTheExchangeFailsTheCall shows that an outage of the exchange fails the
// call, and that the next service never receives the caller's token.
func TestOutageOfTheExchangeFailsTheCall(t *testing.T) {
	for shape, call := range shapes {
		issuer := newIssuer()
		g := &gate{script: []audience.Reason{""}}
		client := newClient(t, issuer, company(t, withSecrets(t)), "order-status")
		h := newHop(t, issuer, g.serve(t, client.DialOptionsOnBehalfOf("human-resource")...))
		issuer.Fault(testutil.Token, testutil.RespondStatus(503))
		ctx, _ := h.alice(t.Context())
		err := call(ctx, h.conn)
		if got := status.Code(err).String(); got != "Unavailable" {
			t.Errorf("%s: %v, want UNAVAILABLE", shape, err)
		}
		if _, ours := interceptor.ReasonOf(err); ours || len(g.tokens) != 0 {
			t.Errorf("%s: %v; the next service saw %d calls", shape, err, len(g.tokens))
		}
	}
}

// TestNothingIsExchangedWithoutAnAdmittedCaller shows that nothing is exchanged for
// a caller who was not admitted, whatever the metadata say.
func TestNothingIsExchangedWithoutAnAdmittedCaller(t *testing.T) {
	issuer := newIssuer()
	client := newClient(t, issuer, company(t, withSecrets(t)), "order-status")
	for verb, options := range map[string]func(...string) []grpc.DialOption{"OnBehalfOf": client.DialOptionsOnBehalfOf, "Forward": client.DialOptionsForward} {
		g := &gate{script: []audience.Reason{""}}
		conn := g.serve(t, options("human-resource")...)
		ctx := incoming(t.Context(), "Bearer "+issuer.User("backoffice-portal", "alice", "order-status"))
		if _, err := employee(ctx, conn); verdictOf(err) != misconfigured || !strings.Contains(err.Error(), "no admitted caller") {
			t.Errorf("%s: %v", verb, err)
		}
		if len(g.tokens) != 0 {
			t.Errorf("%s: the call was sent", verb)
		}
	}
	if n := issuer.Requests(testutil.Token); n != 0 {
		t.Errorf("%d token requests", n)
	}
}

// TestForwardedCallIsNotRepeated shows that a client of the matrix passes on a token
// that is addressed to the target, and does not repeat the call: there is no other
// token.
func TestForwardedCallIsNotRepeated(t *testing.T) {
	for shape, call := range shapes {
		issuer := newIssuer()
		g := &gate{script: []audience.Reason{audience.ReasonTokenExpired}}
		client := newClient(t, issuer, company(t, withSecrets(t)), "order-status")
		h := newHop(t, issuer, g.serve(t, client.DialOptionsForward("human-resource")...))
		token := issuer.Mint(good(testutil.Claims{"client_id": "backoffice-portal", "aud": []string{"order-status", "human-resource"}}))
		_ = call(bearing(t.Context(), "Bearer "+token), h.conn)
		if len(g.tokens) != 1 || g.tokens[0] != "Bearer "+token {
			t.Errorf("%s: %d tokens came", shape, len(g.tokens))
		}
		if n := issuer.Requests(testutil.Token); n != 0 {
			t.Errorf("%s: %d token requests", shape, n)
		}
	}
}

// TestConnectionAndCallCredentialsTogetherAreRefused shows that credentials of the
// connection and of the call do not both reach the server.
func TestConnectionAndCallCredentialsTogetherAreRefused(t *testing.T) {
	issuer, served := newIssuer(), &orders{}
	client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal")
	conn := connect(t, issuer, served, client.DialOptions("order-status")...)
	token := issuer.Mint(good(nil))
	for shape, call := range shapes {
		err := call(t.Context(), conn, grpc.PerRPCCredentials(interceptor.AsService(fixed(token), "order-status")))
		if got := verdictOf(err).Reason; got != audience.ReasonCredentialsMalformed || len(served.callers) != 0 {
			t.Errorf("%s: %v, want it refused", shape, err)
		}
	}
}

// TestActorsTokenIsPresentedInTheExchange shows that an exchange presents the
// service's own token beside the caller's if the option Actor is given.
func TestActorsTokenIsPresentedInTheExchange(t *testing.T) {
	issuer := newIssuer()
	var asked []tokensource.Request
	tokens := tokensource.Func(func(_ context.Context, r tokensource.Request) (tokensource.Token, error) {
		asked = append(asked, r)
		return tokensource.NewToken(issuer.Mint(good(testutil.Claims{"aud": r.Audience, "client_id": "order-status"})), r.Actor.Expiry()), nil
	})
	further := connect(t, issuer, &orders{}, grpc.WithPerRPCCredentials(interceptor.OnBehalfOf(tokens, "human-resource", interceptor.Actor(tokens, corp))))
	h := newHop(t, issuer, further)
	ctx, token := h.alice(t.Context())
	if err := shapes["unary"](ctx, h.conn); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 2 || asked[0].Audience != corp || asked[1].Audience != "human-resource" {
		t.Fatalf("asked for %+v, want the actor's token and the exchange", asked)
	}
	if own := asked[0]; !own.Subject.IsZero() || asked[1].Subject.Reveal() != token || asked[1].Actor.IsZero() {
		t.Errorf("the exchange lacks subject or actor: %+v", asked)
	}
}

// TestMistakenActorFailsTheCall shows that a mistake in the option Actor is
// reported, and that no call is made without the actor's token.
func TestMistakenActorFailsTheCall(t *testing.T) {
	for want, creds := range map[string]credentials.PerRPCCredentials{
		"option Actor is for OnBehalfOf only":      interceptor.AsService(fixed("x"), "human-resource", interceptor.Actor(fixed("y"), corp)),
		"empty audience of the actor's token":      interceptor.OnBehalfOf(fixed("x"), "human-resource", interceptor.Actor(fixed("y"), "")),
		"no source of the actor's tokens":          interceptor.OnBehalfOf(fixed("x"), "human-resource", interceptor.Actor(nil, corp)),
		"the actor's own token: no token to spend": interceptor.OnBehalfOf(fixed("x"), "human-resource", interceptor.Actor(failing(fmt.Errorf("no token to spend")), corp)),
	} {
		issuer := newIssuer()
		h := newHop(t, issuer, connect(t, issuer, &orders{}))
		var onward error
		h.orders.inHandler = func(ctx context.Context) error {
			_, onward = hrv1.NewHumanResourceClient(h.conn).GetEmployee(ctx, &hrv1.GetEmployeeRequest{}, grpc.PerRPCCredentials(creds))
			return nil
		}
		ctx, _ := h.alice(t.Context())
		if err := shapes["unary"](ctx, h.conn); err != nil || !strings.Contains(fmt.Sprint(onward), want) {
			t.Errorf("%v, and from the next service %v, want %s", err, onward, want)
		}
	}
}

// TestTokenOfAnotherIssuerIsNotForwarded shows that a token is not sent to a service
// that does not accept its issuer, although its aud has the service's name.
func TestTokenOfAnotherIssuerIsNotForwarded(t *testing.T) {
	elsewhere := func(m *access.Matrix) {
		m.Issuers["other"] = access.Issuer{URL: "https://other.example"}
		for name, client := range m.Clients {
			client.Issuer = "other"
			m.Clients[name] = client
		}
		for name, service := range m.Services {
			service.Issuers = []string{"other"}
			m.Services[name] = service
		}
	}
	for shape, call := range shapes {
		issuer := newIssuer()
		g := &gate{script: []audience.Reason{""}}
		client := newClient(t, issuer, company(t, withSecrets(t), elsewhere), "order-status")
		h := newHop(t, issuer, nil)
		var found error
		h.orders.inHandler = func(ctx context.Context) error {
			_, found = employee(ctx, g.serve(t, client.DialOptionsForward("human-resource")...))
			return found
		}
		token := issuer.Mint(good(testutil.Claims{"client_id": "backoffice-portal", "aud": []string{"order-status", "human-resource"}}))
		if err := call(bearing(t.Context(), "Bearer "+token), h.conn); err == nil {
			t.Errorf("%s: the token of another issuer went on", shape)
		}
		if found == nil || !strings.Contains(found.Error(), `accepts only tokens of ["https://other.example"]`) || len(g.tokens) != 0 {
			t.Errorf("%s: got %v, and %d tokens came", shape, found, len(g.tokens))
		}
	}
}
