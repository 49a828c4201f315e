package conformance_test

import (
	"net/url"
	"testing"

	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/tokensource"
)

// zitadel is the Go library zitadel/oidc. An audience is a scope, and aud is an
// array; tokens of people are also for the client, and no access token has azp.
var zitadel = provider{
	name: "zitadel", preset: "zitadel-oidc", audience: "%s",
	open: func(t *testing.T, _ provider) site {
		return site{Server: idp.Zitadel(t), secrets: idp.Secret, alice: "alice"}
	},
	login:       url.Values{"scope": {"openid offline_access"}},
	chain:       []string{"order-status", "backoffice-portal"},
	unaddressed: "AUDIENCE_MISMATCH",
	idToken:     "TYPE_NOT_ALLOWED", refresh: "TOKEN_MALFORMED",
	several: map[string]request{
		withoutAZP: {client: "backoffice-portal", Request: tokensource.Request{Audience: "order-status", Also: []string{"human-resource"}, Scope: "orders.read orders.write"}},
	},
	asked: request{client: "customer-portal", Request: tokensource.Request{Audience: "order-status", Scope: "orders.read"}},
	denied: wrong{
		request: request{client: "customer-portal", Request: tokensource.Request{Audience: "human-resource"}},
		target:  tokensource.ErrRefused, hint: `"human-resource" must be the id of a project that is granted to client "customer-portal"`,
	},
	misled: wrong{
		request: request{client: "customer-portal", Request: tokensource.Request{Audience: "human-resource"}, opts: []tokensource.OAuthOption{tokensource.AskByAudience()}},
		target:  tokensource.ErrMismatch, hint: `ZITADEL returned aud "customer-portal": "human-resource" must be the id of a project`,
	},
	lacks: map[string]string{
		compared: "only Keycloak's configuration can be compared",

		withAZP:    "access tokens name the client by client_id alone",
		logoutRow:  "the library sends none",
		loggedOut:  "the library sends none",
		assertions: "the library takes it for no client credentials",
		bound:      "the library speaks none",
	},
}
