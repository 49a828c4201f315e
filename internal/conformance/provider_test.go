package conformance_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// A provider is an authorization server, and all in which it differs from the
// others.
type provider struct {
	name     string
	preset   string
	audience string // of a service, whose name %s stands for
	open     func(t *testing.T, p provider) site
	guards   []interceptor.ServerOption // beside the log

	login     url.Values // what else is asked for when alice logs in at the back-office portal
	people    url.Values // the same, for a token for the human resources
	noSession bool       // her access tokens have no sid
	chain     []string   // who acts for her after two exchanges, as her token tells it

	denied, misled   wrong              // what becomes of a request that it refuses, and of one that it does not heed
	several          map[string]request // for one token for both services, by the row
	asked            request            // for a token that the order status asks about
	unaddressed      string             // the cause, if the token of alice's login is shown to the order status
	idToken, refresh string             // the causes, if those are

	tokens string // the path of the token endpoint for mutual TLS; empty if it is discovered

	lacks map[string]string // the rows that it does not offer, and why
}

// A site is a provider that runs.
type site struct {
	*idp.Server
	realm   *idp.Realm // nil if it is no Keycloak
	secrets func(client string) string
	alice   string        // what her tokens have in sub
	key     *testutil.Key // which the client batch signs with; nil if it cannot
}

// A request for a token, and the client that makes it.
type request struct {
	client string
	tokensource.Request
	opts []tokensource.OAuthOption
}

// A wrong is a request that fails.
type wrong struct {
	request
	target error  // what the error is
	hint   string // a part of what it says to change
}

// providers are those that the environment may ask for.
var providers = []provider{keycloak, oidcProvider, zitadel}

// audienceOf returns what service is called in aud.
func (c *company) audienceOf(service string) string {
	target, err := c.policy.Target("backoffice-portal", service)
	if err != nil {
		panic(err) // the back-office portal may call every service
	}
	return target.Audience
}

// ask makes a request of the provider's.
func (c *company) ask(ctx context.Context, t *testing.T, r request) (tokensource.Token, error) {
	t.Helper()
	return c.source(t, r.client, r.opts...).Token(ctx, r.Request)
}
