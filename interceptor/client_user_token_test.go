package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

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
