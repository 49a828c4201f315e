package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
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

// userTokenRow is an answer of the source of a user's tokens that is not used.
type userTokenRow struct {
	change testutil.Claims
	header []testutil.MintOption
	answer func(*oauth2.Token) (*oauth2.Token, error) // of the source; nil for the token itself
	want   string
	login  bool
	code   codes.Code // 0 for INTERNAL, or UNAUTHENTICATED if login
}

// instead returns an answer with this text.
func instead(text string) func(*oauth2.Token) (*oauth2.Token, error) {
	return func(*oauth2.Token) (*oauth2.Token, error) { return &oauth2.Token{AccessToken: text}, nil }
}

func failingWith(err error) func(*oauth2.Token) (*oauth2.Token, error) {
	return func(*oauth2.Token) (*oauth2.Token, error) { return nil, err }
}

var userTokenRows = map[string]userTokenRow{
	"of another issuer":       {change: testutil.Claims{"iss": "https://other.example"}, want: `its iss is "https://other.example"`},
	"of no issuer":            {change: testutil.Claims{"iss": nil}, want: `its iss is ""`},
	"of another client":       {change: testutil.Claims{"client_id": "backoffice-portal"}, want: `issued to client "backoffice-portal"`},
	"of another spelling":     {change: testutil.Claims{"client_id": "Customer-Portal"}, want: `issued to client "Customer-Portal"`},
	"of two clients":          {change: testutil.Claims{"azp": "backoffice-portal"}, want: "CLIENT_AMBIGUOUS"},
	"of no client":            {change: testutil.Claims{"client_id": nil}, want: "CLAIM_MISSING: got no client_id"},
	"of a client as itself":   {change: testutil.Claims{"sub": "customer-portal"}, want: "names no user"},
	"an ID token by its type": {header: []testutil.MintOption{testutil.Header("typ", "JWT")}, want: "TYPE_NOT_ALLOWED"},
	"bound to a key":          {change: testutil.Claims{"cnf": testutil.Claims{"jkt": "x"}}, want: "BINDING_UNSUPPORTED"},
	"claims twice":            {header: []testutil.MintOption{testutil.RawPayload([]byte(`{"iss":"` + corp + `","client_id":"a","client_id":"customer-portal"}`))}, want: "CLAIMS_MALFORMED"},
	"an ID token": {
		answer: func(t *oauth2.Token) (*oauth2.Token, error) {
			return t.WithExtra(map[string]any{"id_token": t.AccessToken}), nil
		},
		want: "the ID token",
	},
	"two dots":  {answer: instead("opaque.but.dotted"), want: "TOKEN_MALFORMED"},
	"opaque":    {answer: instead("opaque"), want: "it is no JWT, and the matrix has no introspection"},
	"encrypted": {answer: instead("a.b.c.d.e"), want: "it is no JWT"},
	"none":      {answer: failingWith(nil), want: "no token and no error"},
	"empty":     {answer: instead(""), want: "without a text"},
	"no token":  {answer: instead("two words"), want: "characters that a bearer token must not have", code: codes.Unavailable},
	"no bearer": {answer: func(t *oauth2.Token) (*oauth2.Token, error) { t.TokenType = "DPoP"; return t, nil }, want: "want Bearer"},
	"a panic":   {answer: func(t *oauth2.Token) (*oauth2.Token, error) { panic(t.AccessToken) }, want: "panicked with a string"},
	"a nil panic": {answer: func(*oauth2.Token) (*oauth2.Token, error) {
		var t *oauth2.Token
		return &oauth2.Token{AccessToken: t.AccessToken}, nil
	}, want: "nil pointer"},
	"wrong set-up of the portal": {
		answer: failingWith(&oauth2.RetrieveError{ErrorCode: "invalid_client", ErrorDescription: "no such client"}), want: "invalid_client: no such client",
	},
	"an outage":     {answer: failingWith(errors.New("no route to host")), want: "no route to host", code: codes.Unavailable},
	"session ended": {answer: failingWith(fmt.Errorf("refresh: %w", &oauth2.RetrieveError{ErrorCode: "invalid_grant"})), want: "could not be refreshed", login: true},
	"expired":       {change: testutil.Claims{"exp": int64(1)}, want: "has expired", login: true},
	"said to be expired": {
		answer: func(t *oauth2.Token) (*oauth2.Token, error) { t.Expiry = time.Now().Add(-time.Minute); return t, nil }, want: "has expired", login: true,
	},
	"no refresh token": {answer: func(*oauth2.Token) (*oauth2.Token, error) {
		return (&oauth2.Config{}).TokenSource(context.Background(), &oauth2.Token{AccessToken: "x", Expiry: time.Now().Add(-time.Minute)}).Token()
	}, want: "there is no refresh token", login: true},
}

// TestUserTokenIsRefusedBeforeItIsSent shows that a token which is not the user's, or not
// for this client, is sent neither to the issuer nor to a service, and that the user has to
// log in again only if that helps.
func TestUserTokenIsRefusedBeforeItIsSent(t *testing.T) {
	for name, row := range userTokenRows {
		t.Run(name, func(t *testing.T) {
			p := newFrontEnd(t)
			token := p.loginWith("alice", row.change, row.header...)
			tokens := &session{token: func() (*oauth2.Token, error) {
				if row.answer == nil {
					return token, nil
				}
				return row.answer(token)
			}}
			p.eachWay(p.forUser(t.Context(), t, tokens), func(how string, err error) {
				row.check(t, how, p, err)
				secretless(t, how, fmt.Sprint(err), token.AccessToken)
			})
			if n := p.issuer.Requests(testutil.Token); n != 0 || len(p.served.callers) != 0 {
				t.Errorf("%d token requests, %d calls", n, len(p.served.callers))
			}
		})
	}
}

func (row userTokenRow) check(t *testing.T, how string, p *frontEnd, err error) {
	t.Helper()
	want := row.code
	switch {
	case row.login:
		want = codes.Unauthenticated
	case want == 0:
		want = codes.Internal
	}
	if status.Code(err) != want || !strings.Contains(fmt.Sprint(err), row.want) {
		t.Errorf("%s: %v, want %v with %q", how, err, want, row.want)
	}
	if got := p.client.LoginRequired(err); got != row.login {
		t.Errorf("%s: LoginRequired = %v, want %v", how, got, row.login)
	}
}

// TestUserTokenOfAnotherTypeThatMeansBearer shows that the token_type of the issuer in the
// matrix counts for the tokens of users too.
func TestUserTokenOfAnotherTypeThatMeansBearer(t *testing.T) {
	p := newFrontEnd(t, func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: corp, TokenType: "AcmeToken"} })
	for kind, want := range map[string]codes.Code{"AcmeToken": codes.OK, "bearer": codes.OK, "acmetoken": codes.Internal, "DPoP": codes.Internal} {
		token := p.login("alice")
		token.TokenType = kind
		p.eachWay(p.forUser(t.Context(), t, oauth2.StaticTokenSource(token)), func(how string, err error) {
			if status.Code(err) != want {
				t.Errorf("%s, %s: %v, want %v", kind, how, err, want)
			}
		})
	}
}

// TestOpaqueUserTokenIsExchangedAndNotForwarded shows that an opaque token is sent to its
// issuer if the matrix says that the issuer is asked about tokens, and to nobody else.
func TestOpaqueUserTokenIsExchangedAndNotForwarded(t *testing.T) {
	p := newFrontEnd(t, func(m *access.Matrix) {
		i := m.Issuers["corp"]
		i.Introspection = access.Introspection{ClientID: "order-status", Secret: access.SecretRef{Env: "ORDERS_SECRET"}}
		m.Issuers["corp"] = i
	})
	portal := testutil.Client{
		ID: "customer-portal", Secret: "customer-secret", Exchange: true, Opaque: true,
		Audiences: []string{"order-status"}, Scopes: map[string][]string{"order-status": {"orders.read"}},
	}
	p.issuer.Register(portal)
	opaque := p.issuer.User("customer-portal", "alice", "customer-portal")
	portal.Opaque = false
	p.issuer.Register(portal)
	p.eachWay(p.forUser(t.Context(), t, oauth2.StaticTokenSource(&oauth2.Token{AccessToken: opaque})), func(how string, err error) {
		forwarded := strings.HasPrefix(how, "Forward")
		if !forwarded && err != nil || forwarded && (status.Code(err) != codes.Internal || !strings.Contains(fmt.Sprint(err), "is opaque")) {
			t.Errorf("%s: %v", how, err)
		}
	})
	if n := p.issuer.Requests(testutil.Token); n != 1 {
		t.Errorf("%d token requests, want the exchange", n)
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
		"an unknown issuer":  {t.Context(), "corb", tokens, `no issuer "corb" in the matrix, did you mean "corp"?`},
		"no issuer":          {t.Context(), "", tokens, `no issuer ""`},
		"another issuer":     {t.Context(), "partner", tokens, `they log in at the issuer at which the client is registered, "` + corp + `", and not at "https://partner.example"`},
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

// TestSourceOfAUserIsAskedAgainBeforeItsTokenEnds shows that a session outlives its
// tokens: the source is asked once for all calls, and again in the background.
func TestSourceOfAUserIsAskedAgainBeforeItsTokenEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFrontEnd(t)
		tokens := &session{token: func() (*oauth2.Token, error) { return p.login("alice"), nil }}
		ctx := p.forUser(t.Context(), t, tokens)
		for range 60 { // an hour
			var all sync.WaitGroup
			for range 5 {
				all.Go(func() {
					p.eachWay(ctx, func(how string, err error) {
						if err != nil {
							t.Errorf("%s: %v", how, err)
						}
					})
				})
			}
			all.Wait()
			time.Sleep(time.Minute)
		}
		if n := tokens.asked.Load(); n < 12 || n > 20 {
			t.Errorf("the source was asked %d times in an hour of tokens for 5 minutes", n)
		}
	})
}

// TestSourceThatHangsHangsNoCall shows that a call waits for the source of a user's tokens
// no longer than its deadline, and that the source is asked once meanwhile.
func TestSourceThatHangsHangsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFrontEnd(t)
		hang := make(chan struct{})
		tokens := &session{token: func() (*oauth2.Token, error) { <-hang; return nil, errors.New("late") }}
		signedIn, logout := context.WithCancel(t.Context())
		ctx := p.forUser(signedIn, t, tokens)
		for way, conn := range p.conns {
			for shape, call := range shapes {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				began := time.Now()
				err := call(ctx, conn)
				cancel()
				if status.Code(err) != codes.DeadlineExceeded || time.Since(began) > time.Second {
					t.Errorf("%s, %s: %v after %v", way, shape, err, time.Since(began))
				}
			}
		}
		began := time.Now()
		time.AfterFunc(time.Second, logout)
		err := shapes["unary"](context.WithoutCancel(ctx), p.conns["OnBehalfOf"])
		if status.Code(err) != codes.Canceled || time.Since(began) > time.Second {
			t.Errorf("a call that waits while the user logs out: %v after %v", err, time.Since(began))
		}
		if n := tokens.asked.Load(); n != 1 {
			t.Errorf("the source was asked %d times", n)
		}
		close(hang)
	})
}

// TestCallsForAUserEndWithTheContext shows that nothing is exchanged or forwarded for a
// user whose context has ended, also by a call that was detached from it.
func TestCallsForAUserEndWithTheContext(t *testing.T) {
	p := newFrontEnd(t)
	signedIn, logout := context.WithCancel(t.Context())
	ctx := p.forUser(signedIn, t, oauth2.StaticTokenSource(p.login("alice")))
	p.eachWay(ctx, func(how string, err error) {
		if err != nil {
			t.Errorf("%s: %v", how, err)
		}
	})
	asked := p.issuer.Requests(testutil.Token)
	logout()
	p.eachWay(context.WithoutCancel(ctx), func(how string, err error) {
		if status.Code(err) != codes.Canceled || !strings.Contains(fmt.Sprint(err), "the context that ForUser was given has ended") {
			t.Errorf("%s, after the logout: %v", how, err)
		}
		if p.client.LoginRequired(err) {
			t.Errorf("%s: a login is asked for", how)
		}
	})
	if n := p.issuer.Requests(testutil.Token); n != asked || len(p.served.callers) != 4 {
		t.Errorf("%d exchanges, %d calls after the logout", n-asked, len(p.served.callers)-4)
	}
}

// TestStreamForAUserOutlivesItsToken shows that a stream which the server ends with the
// user's token goes on with the next one.
func TestStreamForAUserOutlivesItsToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newFrontEnd(t)
		p.served.inHandler = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		tokens := &session{token: func() (*oauth2.Token, error) { return p.login("alice"), nil }}
		for way, conn := range p.conns {
			ctx, cancel := context.WithTimeout(p.forUser(t.Context(), t, tokens), 12*time.Minute)
			watch := func(ctx context.Context) (grpc.ServerStreamingClient[ordersv1.WatchOrderStatusResponse], error) {
				return ordersv1.NewOrderStatusClient(conn).WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{})
			}
			var last error
			for _, last = range interceptor.ResumeStream(ctx, watch) {
			}
			cancel()
			if n := len(p.served.callers); status.Code(last) != codes.DeadlineExceeded || n < 3 || n > 4 || p.served.callers[n-1].User != "alice" {
				t.Errorf("%s: %v after %d streams, want about three in twelve minutes", way, last, n)
			}
			p.served.callers = nil
		}
	})
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
