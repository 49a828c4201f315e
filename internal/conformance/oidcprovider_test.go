package conformance_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/tokensource"
)

// oidcProvider tests oidc-provider, of Node.js. An audience is a resource, so it is a
// URI; access tokens are those of RFC 9068, or opaque.
var oidcProvider = provider{
	name: "oidc-provider", preset: "oidc-provider", audience: "urn:acme:%s",
	open: func(t *testing.T, _ provider) site {
		s := idp.OIDCProvider(t)
		return site{Server: s, secrets: idp.Secret, alice: "alice", key: s.Key}
	},
	login: url.Values{
		"scope": {"openid offline_access"}, "prompt": {"consent"}, "resource": {"urn:acme:backoffice-portal"},
	},
	people: url.Values{"scope": {"openid"}, "resource": {"urn:acme:human-resource"}}, noSession: true,
	chain:       []string{"order-status", "backoffice-portal"},
	unaddressed: "AUDIENCE_MISMATCH",
	idToken:     "TYPE_NOT_ALLOWED", refresh: "TOKEN_MALFORMED",
	several: map[string]request{withAZP: shaped("several"), withoutAZP: shaped("several-no-azp")},
	asked:   shaped("opaque"),
	denied: wrong{
		request: request{client: "customer-portal", Request: tokensource.Request{Audience: "urn:acme:human-resource"}},
		target:  tokensource.ErrRefused, hint: `let getResourceServerInfo and the client's rights allow client "customer-portal" the resource "urn:acme:human-resource"`,
	},
	misled: wrong{
		request: request{client: "auditor", Request: tokensource.Request{Audience: "urn:acme:order-status:PS256"}},
		target:  tokensource.ErrMismatch, hint: `oidc-provider returned aud "urn:acme:order-status": getResourceServerInfo gives this resource another audience`,
	},
	lacks: map[string]string{compared: "only Keycloak's configuration can be compared"},
}

// shaped is a request of the auditor for a token that the server writes in a way that is
// not its default.
func shaped(variant string) request {
	return request{
		client: "auditor", Request: tokensource.Request{Audience: "urn:acme:order-status", Scope: "orders.read"},
		opts: []tokensource.OAuthOption{tokensource.Transport(resourceOf(variant))},
	}
}

// A resourceOf is a transport that requests this variant of the resource of order-status.
type resourceOf string

// RoundTrip implements [http.RoundTripper].
func (variant resourceOf) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	defer r.Body.Close()
	form, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	const resource = "resource=urn%3Aacme%3Aorder-status"
	text := strings.Replace(string(form), resource, resource+"%3A"+string(variant), 1)
	sent := r.Clone(r.Context())
	sent.Body, sent.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	return http.DefaultTransport.RoundTrip(sent)
}
