package conformance_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/idp"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/tokensource"
)

// person logs alice in at the back-office portal, with a browser.
func (c *company) person(t *testing.T) idp.Grant {
	t.Helper()
	grant, err := c.Login(t.Context(), idp.Login{
		Client: "backoffice-portal", Secret: c.secrets("backoffice-portal"), User: "alice", Params: c.login,
	})
	if err != nil {
		t.Fatal(err)
	}
	return grant
}

// onBehalf follows alice's token: the back-office portal exchanges it for one at
// the order status, which exchanges that for one at the human resources.
func onBehalf(t *testing.T, c *company) {
	login := c.person(t)
	conn := c.serve(t, "order-status")
	c.want(t, conn, login.AccessToken, "AUDIENCE_MISMATCH", c.unaddressed)

	tokens, request, err := c.client(t, "backoffice-portal").Tokens("order-status")
	if err != nil {
		t.Fatal(err)
	}
	request.Subject, request.SubjectIssuer = tokensource.NewToken(login.AccessToken, time.Time{}), c.Issuer
	forAlice := grpc.PerRPCCredentials(interceptor.AsService(tokensource.Func(func(ctx context.Context, _ tokensource.Request) (tokensource.Token, error) {
		return tokens.Token(ctx, request)
	}), request.Audience))
	if got := watchOrderStatus.call(t, conn, forAlice); got != "admitted" {
		t.Errorf("got %s, want admitted", got)
	}
	answer, err := ordersv1.NewOrderStatusClient(conn).GetOrderStatus(t.Context(), &ordersv1.GetOrderStatusRequest{}, forAlice)
	if want := slices.Concat([]string{"order-status"}, c.chain, []string{c.alice}); err != nil || !slices.Equal(answer.GetCallers(), want) {
		t.Errorf("the human resources were asked by %q, %v, want %q", answer.GetCallers(), err, want)
	}
}

// otherTokens presents what is no access token.
func otherTokens(t *testing.T, c *company) {
	login, conn := c.person(t), c.serve(t, "order-status")
	c.want(t, conn, login.IDToken, "TOKEN_INVALID", c.idToken)
	c.want(t, conn, login.RefreshToken, "TOKEN_INVALID", c.refresh)
}

// logoutToken presents what the provider tells a client of a logout with (OpenID Connect
// Back-Channel Logout 1.0, section 2.5).
func logoutToken(t *testing.T, c *company) {
	told := make(chan string, 1)
	portal := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.FormValue("logout_token") }))
	defer portal.Close()
	if err := c.TellOfLogouts(t.Context(), "backoffice-portal", portal.URL); err != nil {
		t.Fatal(err)
	}
	if err := c.begin(t, "alice", c.login).End(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case token := <-told:
		c.want(t, c.serve(t, "order-status"), token, "TOKEN_INVALID", "TYPE_NOT_ALLOWED")
	case <-time.After(time.Minute):
		t.Fatal("no logout token came")
	}
}
