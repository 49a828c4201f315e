package interceptor_test

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

var inactive = verdict{codes.Unauthenticated, audience.ReasonTokenWithdrawn}

// askable lets services ask the issuer about JWTs.
func askable(t *testing.T) func(*access.Matrix) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("backoffice-secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(m *access.Matrix) {
		corp := m.Issuers["corp"]
		corp.Introspection = access.Introspection{ClientID: "backoffice-portal", Secret: access.SecretRef{File: secret}, OnlineOnly: true}
		m.Issuers["corp"] = corp
	}
}

// online has the issuer be asked about the tokens that the first entry of a service
// admits.
func online(service string, maxAge time.Duration) func(*access.Matrix) {
	return func(m *access.Matrix) {
		m.Services[service].Allow[0].Online, m.Services[service].Allow[0].OnlineMaxAge = true, maxAge
	}
}

// onlineServer is a server of the orders that asks its issuer about each call.
type onlineServer struct {
	issuer *testutil.Issuer
	conn   *grpc.ClientConn
	log    *log
}

func newOnlineServer(t *testing.T, maxAge time.Duration, change func(*access.Matrix), opts ...interceptor.ServerOption) *onlineServer {
	t.Helper()
	o := &onlineServer{issuer: newIssuer(), log: &log{}}
	opts = append(opts, interceptor.Logger(slog.New(slog.NewTextHandler(o.log, nil))), interceptor.SampleRefused(0))
	server := serverOf(t, o.issuer, company(t, askable(t), online("order-status", maxAge), change), opts...)
	o.conn = testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, &orders{}) })
	return o
}

// call calls with a token in one shape, within a second.
func (o *onlineServer) call(t *testing.T, shape, token string) verdict {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	return verdictOf(shapes[shape](bearing(ctx, "Bearer "+token), o.conn))
}

func (o *onlineServer) questions() int { return o.issuer.Requests(testutil.Introspection) }

// TestOnlineCallIsJudgedByTheAnswer shows which answers of the issuer admit a call with a
// JWT, and that no failure to get one does.
func TestOnlineCallIsJudgedByTheAnswer(t *testing.T) {
	answers := func(change testutil.Claims) func(*onlineServer) http.Handler {
		return func(o *onlineServer) http.Handler {
			return o.issuer.Alter(testutil.Introspection, func(answer map[string]any) {
				for name, value := range change {
					if answer[name] = value; value == nil {
						delete(answer, name)
					}
				}
			})
		}
	}
	fails := func(h http.Handler) func(*onlineServer) http.Handler {
		return func(*onlineServer) http.Handler { return h }
	}
	body := func(text string) func(*onlineServer) http.Handler {
		return fails(testutil.RespondBody("application/json", text))
	}
	for name, row := range map[string]struct {
		answer func(*onlineServer) http.Handler
		want   verdict
	}{
		"active":                           {answers(nil), verdict{}},
		"active, and nothing else":         {body(`{"active": true}`), verdict{}},
		"active, audiences as an array":    {answers(testutil.Claims{"aud": []string{"order-status"}}), verdict{}},
		"active, a scope less":             {answers(testutil.Claims{"scope": ""}), verdict{}},
		"not active":                       {answers(testutil.Claims{"active": false}), inactive},
		"not active, alone":                {body(`{"active": false}`), inactive},
		"active as a text":                 {body(`{"active": "true"}`), unavailable},
		"active as a number":               {body(`{"active": 1}`), unavailable},
		"active twice":                     {body(`{"active": false, "active": true}`), unavailable},
		"active in capitals":               {body(`{"Active": true}`), unavailable},
		"no answer in it":                  {body(`{}`), unavailable},
		"no object":                        {body(`[true]`), unavailable},
		"another issuer":                   {answers(testutil.Claims{"iss": "https://other.example"}), inactive},
		"another user":                     {answers(testutil.Claims{"sub": "mallory"}), inactive},
		"another client":                   {answers(testutil.Claims{"client_id": "backoffice-portal"}), inactive},
		"another authorized party":         {answers(testutil.Claims{"azp": "backoffice-portal"}), inactive},
		"another audience":                 {answers(testutil.Claims{"aud": "human-resource"}), inactive},
		"an audience more":                 {answers(testutil.Claims{"aud": []string{"order-status", "human-resource"}}), inactive},
		"an audience that is no text":      {answers(testutil.Claims{"aud": 7}), inactive},
		"another end":                      {answers(testutil.Claims{"exp": 1}), inactive},
		"an end that is no number":         {answers(testutil.Claims{"exp": "soon"}), inactive},
		"another id":                       {answers(testutil.Claims{"jti": "another"}), inactive},
		"bound, which the token is not":    {answers(testutil.Claims{"cnf": map[string]any{"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0"}}), inactive},
		"a refresh token":                  {answers(testutil.Claims{"token_type": "Refresh"}), tokenInvalid},
		"the service is not authenticated": {fails(testutil.RespondStatus(http.StatusUnauthorized)), unavailable},
		"forbidden":                        {fails(testutil.RespondStatus(http.StatusForbidden)), unavailable},
		"an error":                         {fails(testutil.RespondStatus(http.StatusInternalServerError)), unavailable},
		"limited":                          {fails(testutil.RespondStatus(http.StatusTooManyRequests)), unavailable},
		"elsewhere":                        {fails(testutil.RespondRedirect("https://other.example/introspect")), unavailable},
		"no answer in time":                {fails(testutil.RespondNever()), unavailable},
	} {
		for shape := range shapes {
			t.Run(name+", "+shape, func(t *testing.T) {
				t.Parallel()
				o := newOnlineServer(t, 0, sameMatrix)
				o.issuer.Fault(testutil.Introspection, row.answer(o))
				token := o.issuer.Mint(good(testutil.Claims{"jti": "one"}))
				if got := o.call(t, shape, token); got != row.want {
					t.Errorf("%v, want %v\n%s", got, row.want, o.log)
				}
				secretless(t, "the log", o.log.String(), token)
			})
		}
	}
}

// TestIssuerIsAskedLast shows that the issuer is asked about no token that can be refused
// without its answer, and not about a token that another entry admits.
func TestIssuerIsAskedLast(t *testing.T) {
	list := revocation.NewList(8)
	o := newOnlineServer(t, 0, func(m *access.Matrix) {
		m.Services["order-status"].Allow[1].Scopes, m.Services["order-status"].Allow[1].NoScopes = []string{"orders.read"}, false
	}, interceptor.Revocations(list))
	revoke(t, list, revocation.Entry{ID: "revoked"})
	denied := verdict{codes.PermissionDenied, audience.ReasonClientNotAllowed}
	for name, row := range map[string]struct {
		token string
		want  verdict
	}{
		"forged":              {o.issuer.Mint(good(nil), testutil.SignedBy(testutil.NewKey("ES256"))), tokenInvalid},
		"expired":             {o.issuer.Mint(good(testutil.Claims{"exp": time.Now().Add(-time.Hour).Unix()})), verdict{codes.Unauthenticated, audience.ReasonTokenExpired}},
		"for another service": {o.issuer.Mint(good(testutil.Claims{"aud": "human-resource"})), verdict{codes.Unauthenticated, audience.ReasonAudienceMismatch}},
		"of another client":   {o.issuer.Mint(good(testutil.Claims{"client_id": "stranger"})), denied},
		"without the scope":   {o.issuer.Mint(good(testutil.Claims{"scope": "other"})), verdict{codes.PermissionDenied, audience.ReasonScopeInsufficient}},
		"revoked":             {o.issuer.Mint(good(testutil.Claims{"jti": "revoked"})), revoked},
		"an opaque token":     {"an-opaque-token", tokenInvalid},
		"another entry":       {o.issuer.Mint(good(testutil.Claims{"client_id": "backoffice-portal"})), verdict{}},
	} {
		for shape := range shapes {
			if got := o.call(t, shape, row.token); got != row.want {
				t.Errorf("%s, %s: %v, want %v", name, shape, got, row.want)
			}
		}
	}
	if n := o.questions(); n != 0 {
		t.Errorf("the issuer was asked %d times, want never", n)
	}
}

// TestRevokedWhileTheIssuerIsAsked shows that a token is refused that was revoked after the
// issuer was asked about it, and before the call was admitted.
func TestRevokedWhileTheIssuerIsAsked(t *testing.T) {
	for shape := range shapes {
		list := revocation.NewList(8)
		o := newOnlineServer(t, 0, sameMatrix, interceptor.Revocations(list))
		o.issuer.Fault(testutil.Introspection, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			revoke(t, list, revocation.Entry{ID: "one"})
			testutil.RespondBody("application/json", `{"active": true}`).ServeHTTP(w, q)
		}))
		if got := o.call(t, shape, o.issuer.Mint(good(testutil.Claims{"jti": "one"}))); got != revoked {
			t.Errorf("%s: %v, want %v", shape, got, revoked)
		}
		if got := o.call(t, shape, o.issuer.Mint(good(testutil.Claims{"jti": "another"}))); got != (verdict{}) {
			t.Errorf("%s, another token: %v, want it admitted", shape, got)
		}
	}
}

// TestOnlineCallsShareNoOldAnswer shows that each call asks the issuer, or, with a time of
// the cache, the first in that time; and that a token that was withdrawn is refused then,
// while a method without online admits it.
func TestOnlineCallsShareNoOldAnswer(t *testing.T) {
	for shape := range shapes {
		for maxAge, questions := range map[time.Duration]int{0: 3, 10 * time.Second: 1} {
			synctest.Test(t, func(t *testing.T) {
				o := newOnlineServer(t, maxAge, func(m *access.Matrix) {
					s := m.Services["order-status"]
					s.Allow = append(s.Allow, access.Allow{Clients: []string{"customer-portal"}, Methods: []string{"UpdateOrderStatus"}, NoScopes: true})
					m.Services["order-status"] = s
				})
				token := o.issuer.Mint(good(testutil.Claims{"exp": time.Now().Add(time.Hour).Unix()}))
				for range 3 {
					if got := o.call(t, shape, token); got != (verdict{}) {
						t.Fatal(got)
					}
					time.Sleep(time.Millisecond)
				}
				if n := o.questions(); n != questions {
					t.Errorf("%s, %v: %d questions about 3 calls, want %d", shape, maxAge, n, questions)
				}
				o.issuer.Revoke(token)
				time.Sleep(maxAge)
				if got := o.call(t, shape, token); got != inactive {
					t.Errorf("%s, %v: %v after the token was withdrawn, want %v", shape, maxAge, got, inactive)
				}
				if !strings.Contains(o.log.String(), "TOKEN_WITHDRAWN") {
					t.Errorf("%s, %v: the log does not name the cause:\n%s", shape, maxAge, o.log)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if _, err := ordersv1.NewOrderStatusClient(o.conn).UpdateOrderStatus(bearing(ctx, "Bearer "+token), &ordersv1.UpdateOrderStatusRequest{}); err != nil {
					t.Errorf("a method without online: %v", err)
				}
			})
		}
	}
}

// TestOnlineRefusesInAnOutage shows that no call is admitted by an older answer while the
// issuer is down, and that others are not affected.
func TestOnlineRefusesInAnOutage(t *testing.T) {
	for shape := range shapes {
		synctest.Test(t, func(t *testing.T) {
			o := newOnlineServer(t, 5*time.Second, sameMatrix)
			end := testutil.Claims{"exp": time.Now().Add(time.Hour).Unix()}
			token := o.issuer.Mint(good(end))
			other := o.issuer.Mint(good(testutil.Claims{"client_id": "backoffice-portal", "exp": end["exp"]}))
			expect := func(what, token string, want verdict) {
				t.Helper()
				if got := o.call(t, shape, token); got != want {
					t.Errorf("%s, %s: %v, want %v", shape, what, got, want)
				}
			}
			expect("up", token, verdict{})
			o.issuer.Down()
			expect("within the time of the cache", token, verdict{})
			expect("another entry", other, verdict{})
			time.Sleep(5*time.Second + time.Millisecond)
			expect("down", token, unavailable)
			expect("another entry, down", other, verdict{})
			o.issuer.Up()
			time.Sleep(time.Minute)
			expect("up again", token, verdict{})
		})
	}
}

// TestOpaqueTokenIsAskedAboutAnew shows that an entry with online uses no cached answer
// about a token of an issuer that is asked about each of its tokens, and that a new
// token costs one question.
func TestOpaqueTokenIsAskedAboutAnew(t *testing.T) {
	for shape := range shapes {
		o := newOnlineServer(t, 0, func(m *access.Matrix) {
			corp := m.Issuers["corp"]
			corp.Introspection.OnlineOnly = false
			m.Issuers["corp"] = corp
		})
		o.issuer.Register(testutil.Client{ID: "customer-portal", Secret: "x", Opaque: true})
		token := o.issuer.User("customer-portal", "alice", "order-status", "orders.read")
		for n := range 2 {
			if got := o.call(t, shape, token); got != (verdict{}) || o.questions() != n+1 {
				t.Errorf("%s: %v with %d questions, want %d", shape, got, o.questions(), n+1)
			}
		}
		o.issuer.Revoke(token)
		if got := o.call(t, shape, token); got != inactive {
			t.Errorf("%s: %v, want %v", shape, got, inactive)
		}
	}
}
