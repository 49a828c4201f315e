package interceptor_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// frontEnd is a client of the matrix at which users log in, with a connection to the
// company's services for each way to call for a user.
type frontEnd struct {
	issuer *testutil.Issuer
	client *interceptor.Client
	served *orders
	conns  map[string]*grpc.ClientConn
}

func newFrontEnd(t *testing.T, changes ...func(*access.Matrix)) *frontEnd {
	t.Helper()
	p := &frontEnd{issuer: newIssuer(), served: &orders{}}
	p.issuer.Register(testutil.Client{
		ID: "customer-portal", Secret: "customer-secret", Exchange: true,
		Audiences: []string{"order-status"}, Scopes: map[string][]string{"order-status": {"orders.read"}},
	})
	p.client = newClient(t, p.issuer, company(t, append(changes, withSecrets(t))...), "customer-portal")
	p.conns = map[string]*grpc.ClientConn{
		"OnBehalfOf": connect(t, p.issuer, p.served, p.client.DialOptionsOnBehalfOf("order-status")...),
		"Forward":    connect(t, p.issuer, p.served, p.client.DialOptionsForward("order-status")...),
	}
	return p
}

// login returns the access token of a user who has logged in, which can be exchanged and
// forwarded.
func (p *frontEnd) login(user string) *oauth2.Token { return p.loginWith(user, nil) }

// loginWith is login with changes of the token.
func (p *frontEnd) loginWith(user string, changes testutil.Claims, opts ...testutil.MintOption) *oauth2.Token {
	claims := testutil.Claims{
		"sub": user, "aud": []string{"customer-portal", "order-status"}, "client_id": "customer-portal", "scope": "orders.read",
		"exp": time.Now().Add(5 * time.Minute).Unix(),
	}
	maps.Copy(claims, changes)
	return &oauth2.Token{AccessToken: p.issuer.Mint(claims, opts...)}
}

// session is the source of the tokens of a user. It counts how often it is asked.
type session struct {
	asked atomic.Int64
	token func() (*oauth2.Token, error)
}

func (s *session) Token() (*oauth2.Token, error) {
	s.asked.Add(1)
	return s.token()
}

// forUser returns a context for a user with this source.
func (p *frontEnd) forUser(ctx context.Context, t *testing.T, tokens oauth2.TokenSource) context.Context {
	t.Helper()
	ctx, err := p.client.ForUser(ctx, "corp", tokens)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// eachWay calls once in each way and each shape, under a time limit.
func (p *frontEnd) eachWay(ctx context.Context, check func(how string, err error)) {
	for way, conn := range p.conns {
		for shape, call := range shapes {
			ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
			check(way+", "+shape, call(ctx, conn))
			cancel()
		}
	}
}

// TestFrontEndCallsForItsUser shows that a front end calls for the user who has logged in
// at it, with an exchanged token or the user's own.
func TestFrontEndCallsForItsUser(t *testing.T) {
	p := newFrontEnd(t)
	token := p.login("alice")
	p.eachWay(p.forUser(t.Context(), t, oauth2.StaticTokenSource(token)), func(how string, err error) {
		if err != nil {
			t.Errorf("%s: %v", how, err)
		}
	})
	for _, caller := range p.served.callers {
		if caller.User != "alice" || caller.Client != "customer-portal" {
			t.Errorf("called by %+v, want alice through the portal", caller)
		}
	}
	if n := p.issuer.Requests(testutil.Token); n != 1 || len(p.served.callers) != 4 {
		t.Errorf("%d exchanges for %d calls, want 1 for 4", n, len(p.served.callers))
	}
}

// TestContextOfAUserIsRefused shows when there is no context for a user.
func TestContextOfAUserIsRefused(t *testing.T) {
	several := func(m *access.Matrix) {
		m.Issuers["partner"] = access.Issuer{URL: "https://partner.example"}
		for name, client := range m.Clients {
			client.Issuer = "corp"
			m.Clients[name] = client
		}
		for name, service := range m.Services {
			service.Issuers = []string{"corp"}
			m.Services[name] = service
		}
	}
	p := newFrontEnd(t, several)
	tokens := oauth2.StaticTokenSource(p.login("alice"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var guarded context.Context
	conn := connect(t, p.issuer, &orders{inHandler: func(ctx context.Context) error { guarded = ctx; return nil }})
	if err := shapes["unary"](bearing(t.Context(), "Bearer "+p.login("alice").AccessToken), conn); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		ctx    context.Context
		issuer string
		tokens oauth2.TokenSource
		want   string
	}{
		"an unknown issuer":  {t.Context(), "corb", tokens, `no issuer "corb" in the matrix, did you mean "corp"?; the client is registered at "corp"`},
		"no issuer":          {t.Context(), "", tokens, `no issuer ""`},
		"another issuer":     {t.Context(), "partner", tokens, `the client is registered at issuer "corp", and not at "partner"`},
		"no source":          {t.Context(), "corp", nil, "no source of the user's tokens"},
		"a guarded call":     {guarded, "corp", tokens, "the context is that of a guarded call"},
		"a user's context":   {p.forUser(t.Context(), t, tokens), "corp", tokens, "belongs to a user already"},
		"a context that has": {ended, "corp", tokens, "context canceled"},
	} {
		if ctx, err := p.client.ForUser(row.ctx, row.issuer, row.tokens); ctx != nil || err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %s", name, err, row.want)
		}
	}
	idle := newClient(t, p.issuer, company(t, withSecrets(t), func(m *access.Matrix) {
		m.Clients["idle"] = access.Client{Secret: m.Clients["customer-portal"].Secret}
	}), "idle")
	if _, err := idle.ForUser(t.Context(), "corp", tokens); err == nil || !strings.Contains(err.Error(), "lets the client call no service") {
		t.Errorf("a client that may call nothing: %v", err)
	}
}

// TestUsersOfATenantAreOfItsClient shows that the users of each tenant log in at the client
// of that tenant.
func TestUsersOfATenantAreOfItsClient(t *testing.T) {
	issuer := newIssuer()
	client := newClient(t, issuer, company(t, withSecrets(t), func(m *access.Matrix) {
		m.Issuers["corp"] = access.Issuer{URL: "https://idp.example.com/{tenant}", Tenants: []string{"north", "south"}}
		s := m.Services["order-status"]
		s.Self = false
		m.Services["order-status"] = s
	}), "customer-portal/north")
	tokens := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "x"})
	for name, want := range map[string]string{
		"corp/north": "", "corp/south": `registered at issuer "corp/north", and not at "corp/south"`, "corp": `no issuer "corp" in the matrix; the client is registered at "corp/north"`,
	} {
		if _, err := client.ForUser(t.Context(), name, tokens); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// TestContextOfAUserIsForItsClient shows that the token of a user is used on connections
// of the client that the user has logged in at, and by no caller's handler.
func TestContextOfAUserIsForItsClient(t *testing.T) {
	p := newFrontEnd(t)
	ctx := p.forUser(t.Context(), t, oauth2.StaticTokenSource(p.login("alice")))
	other := newClient(t, p.issuer, company(t, withSecrets(t)), "backoffice-portal")
	for want, dial := range map[string][]grpc.DialOption{
		`the connection is of client "backoffice-portal"`: other.DialOptionsOnBehalfOf("order-status"),
		"needs a connection of the client that made it":   {grpc.WithPerRPCCredentials(interceptor.Forward("order-status"))},
	} {
		conn := connect(t, p.issuer, p.served, dial...)
		for shape, call := range shapes {
			if err := call(ctx, conn); status.Code(err) != codes.Internal || !strings.Contains(fmt.Sprint(err), want) {
				t.Errorf("%s: %v, want %s", shape, err, want)
			}
		}
	}
	between := &orders{inHandler: func(handler context.Context) error {
		p.eachWay(both{handler, ctx}, func(how string, err error) {
			if status.Code(err) != codes.Internal || !strings.Contains(fmt.Sprint(err), "has both") {
				t.Errorf("%s, a handler with a user's context: %v", how, err)
			}
		})
		return nil
	}}
	if err := shapes["unary"](bearing(t.Context(), "Bearer "+p.login("bob").AccessToken), connect(t, p.issuer, between)); err != nil {
		t.Error(err)
	}
	if n := p.issuer.Requests(testutil.Token); n != 0 {
		t.Errorf("%d token requests", n)
	}
}

// both is a context with the values of two.
type both struct {
	context.Context
	other context.Context
}

func (b both) Value(key any) any {
	if v := b.Context.Value(key); v != nil {
		return v
	}
	return b.other.Value(key)
}

// TestTokensOfUsersAreKeptApart shows that calls for several users at once carry the token
// of the right one.
func TestTokensOfUsersAreKeptApart(t *testing.T) {
	p := newFrontEnd(t)
	var mu sync.Mutex // guards wrong
	var wrong []string
	p.served.inHandler = func(ctx context.Context) error {
		caller, _ := audience.FromContext(ctx)
		if want := expectedUser(ctx); caller.User != want {
			mu.Lock()
			wrong = append(wrong, caller.User+" for "+want)
			mu.Unlock()
		}
		return nil
	}
	var all sync.WaitGroup
	for n := range 8 {
		name := fmt.Sprintf("user-%d", n)
		ctx := expecting(p.forUser(t.Context(), t, oauth2.StaticTokenSource(p.login(name))), name)
		for range 4 {
			all.Go(func() {
				p.eachWay(ctx, func(how string, err error) {
					if err != nil {
						t.Errorf("%s, %s: %v", name, how, err)
					}
				})
			})
		}
	}
	all.Wait()
	if len(wrong) != 0 || p.issuer.Requests(testutil.Token) != 8 {
		t.Errorf("got %q; %d exchanges for 8 users", wrong, p.issuer.Requests(testutil.Token))
	}
}

// TestTokenOfAUserGoesWhereTheMatrixSays shows that nothing is sent for a user to a place
// that is not the service's.
func TestTokenOfAUserGoesWhereTheMatrixSays(t *testing.T) {
	p := newFrontEnd(t, func(m *access.Matrix) {
		s := m.Services["order-status"]
		s.Authorities = []string{"orders.example.com"}
		m.Services["order-status"] = s
	})
	tokens := &session{token: func() (*oauth2.Token, error) { return p.login("alice"), nil }}
	p.eachWay(p.forUser(t.Context(), t, tokens), func(how string, err error) {
		if status.Code(err) != codes.Internal || !strings.Contains(fmt.Sprint(err), "orders.example.com") {
			t.Errorf("%s: %v", how, err)
		}
	})
	if n := p.issuer.Requests(testutil.Token); n != 0 || tokens.asked.Load() != 0 || len(p.served.callers) != 0 {
		t.Errorf("%d token requests, %d questions, %d calls", n, tokens.asked.Load(), len(p.served.callers))
	}
}

// TestContextOfAUserPrintsNoToken shows that no verb finds the token in the context.
func TestContextOfAUserPrintsNoToken(t *testing.T) {
	p := newFrontEnd(t)
	token := p.login("alice")
	ctx := p.forUser(t.Context(), t, oauth2.StaticTokenSource(token))
	p.eachWay(ctx, func(string, error) {})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q"} {
		secretless(t, verb, fmt.Sprintf(verb, ctx), token.AccessToken)
	}
	if stats := fmt.Sprintf("%+v", p.client.Stats()); strings.Contains(stats, token.AccessToken) || !slices.ContainsFunc(p.client.Stats(), func(s tokensource.TokenStats) bool { return s.Exchanged }) {
		t.Errorf("stats: %s", stats)
	}
}

// expecting and expectedUser carry the name of the user in the metadata of a call.
func expecting(ctx context.Context, user string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "expected", user)
}

func expectedUser(ctx context.Context) string {
	return strings.Join(metadata.ValueFromIncomingContext(ctx, "expected"), "+")
}
