// Package hiddenheader knows which headers of a request handlers do not see, whatever
// transport carries them: credentials, and names by which somebody other than the judged
// token could say who calls.
package hiddenheader

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/boundedmap"
)

// Names are names of headers in lower case. A name that ends in * stands for all names
// with that beginning.
type Names []string

// Default returns the names that are hidden by default, and those among them that are
// visible nevertheless.
func Default() (hidden, visible []string) {
	return slices.Clone(hiddenNames), slices.Clone(harmlessNames)
}

// hiddenNames are hidden from handlers by default: credentials, and headers in which
// proxies and frameworks tell their backends who calls. The peer may have written any
// of them. The documentation of interceptor.StripMetadata and docs/metadata.md have the
// same list.
var hiddenNames = Names{
	// credentials
	"authorization", "proxy-authorization", "x-authorization", "x-original-authorization", "x-serverless-authorization",
	"authentication", "authentication-info", "proxy-authenticate", "proxy-authentication-info", "www-authenticate",
	"cookie", "cookie2", "x-session-id", "x-session-token", "dpop", "txn-token",
	"token", "access-token", "id-token", "refresh-token", "x-token", "x-access-token", "x-id-token", "x-refresh-token",
	"jwt", "x-jwt", "x-jwt-*", "oidc-*", "x-oidc-*", "x-oauth-*",
	"api-key", "apikey", "x-api-key", "x-apikey", "x-goog-api-key", "x-amz-security-token", "x-vault-token",

	// who calls, in names that many proxies and frameworks use
	"auth", "x-auth", "x-auth-*", "x-authenticated-*", "x-webauth-*", "remote-*", "x-remote-*", "x-forwarded-*",
	"x-user*", "x-email", "x-email-*", "x-group", "x-groups", "x-role", "x-roles", "x-scopes", "x-permissions",
	"x-tenant", "x-tenant-id", "x-scope-orgid", "x-sub", "x-subject", "x-principal", "x-principal-*",
	"x-identity", "x-identity-*", "x-claims", "x-claim-*", "x-client-id", "x-caller", "x-caller-*", "x-actor",
	"x-on-behalf-of", "impersonate-*", "x-impersonate-*",
	"x-account", "x-account-id", "x-login", "x-uid", "x-sso-*", "x-saml-*", "x-ldap-*", "x-openid-*",

	// certificates of clients and identities of workloads
	"client-cert*", "x-client-cert*", "x-client-dn", "x-client-verify", "ssl-client-*", "x-ssl-*", "x-tls-client-*",
	"x-spiffe-*", "l5d-client-id", "x-envoy-peer-metadata*", "x-istio-attributes",

	// products
	"x-goog-iap-*", "x-goog-authenticated-user-*", "x-endpoint-api-*", "x-apigateway-api-*", "x-firebase-*",
	"x-appengine-user-*", "x-appengine-inbound-appid",
	"x-amzn-oidc-*", "x-amzn-mtls-*", "x-amzn-request-context",
	"x-ms-client-principal*", "x-ms-token-*", "x-arr-clientcert",
	"cf-access-*", "cf-client-cert-*",
	"x-consumer-*", "x-credential-*", "x-anonymous-consumer",
	"x-authentik-*", "x-pomerium-*", "x-vouch-*", "x-kratos-*", "x-hasura-*",
	"tailscale-*", "teleport-*", "ngrok-auth-*", "x-vercel-oidc-*", "x-grafana-id", "x-cognito-*", "dapr-caller-*", "dapr-api-token",
	"cas-*", "iv-*", "mellon-*", "oam-*", "shib-*", "sm-user*", "sm-universalid",

	// this package
	"grpcaud-*", "x-grpcaud-*",
}

// harmlessNames are not hidden although a pattern of [hiddenNames] matches them: they
// do not say who calls.
var harmlessNames = []string{
	"x-forwarded-by", "x-forwarded-for", "x-forwarded-host", "x-forwarded-method", "x-forwarded-path", "x-forwarded-port",
	"x-forwarded-prefix", "x-forwarded-proto", "x-forwarded-scheme", "x-forwarded-server", "x-forwarded-ssl", "x-forwarded-uri",
	"x-user-agent",
}

// Check refuses patterns that could match no name, or would match all.
func (n Names) Check() error {
	for _, pattern := range n {
		if !validKey(strings.TrimSuffix(pattern, "*")) {
			return fmt.Errorf("interceptor: strip metadata %q, want a name in lower case, or the beginning of one and *", pattern)
		}
	}
	return nil
}

// validKey reports whether gRPC can deliver metadata of this name to a server.
func validKey(name string) bool {
	return name != "" && strings.Trim(name, "0123456789abcdefghijklmnopqrstuvwxyz-_.") == ""
}

func (n Names) match(key string) bool {
	return slices.ContainsFunc(n, func(pattern string) bool {
		beginning, open := strings.CutSuffix(pattern, "*")
		return key == pattern || open && strings.HasPrefix(key, beginning)
	})
}

// plain returns the name of which key is another spelling: with a prefix of grpc-gateway, with the suffix of binary values, or with underscores.
func plain(key string) string {
	key = strings.ReplaceAll(strings.ToLower(key), "_", "-")
	for {
		shorter := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(key, "grpcgateway-"), "grpc-metadata-"), "-bin")
		if shorter == key {
			return key
		}
		key = shorter
	}
}

// CheckKept refuses to keep what must be hidden, or what another option hides.
func CheckKept(keep []string, hide Names) error {
	var errs []error
	for _, name := range keep {
		switch p := plain(name); {
		case !validKey(name):
			errs = append(errs, fmt.Errorf("interceptor: keep metadata %q, want one name in lower case, without *", name))
		case strings.HasSuffix(p, "authorization"), strings.HasPrefix(strings.TrimPrefix(p, "x-"), "grpcaud-"):
			errs = append(errs, fmt.Errorf("interceptor: keep metadata %q: handlers never see it; audience.FromContext tells who calls", name))
		case hide.match(name), hide.match(p):
			errs = append(errs, fmt.Errorf("interceptor: metadata %q is to be kept and to be stripped: take it out of one of the two", name))
		}
	}
	return errors.Join(errs...)
}

// Filter hides headers from handlers. It is safe for concurrent use.
type Filter struct {
	hide  Names                        // in addition to the default
	keep  []string                     // visible although the default hides them
	known boundedmap.Map[string, bool] // whether a name is hidden
}

const (
	maxKnownNames  = 512 // names in the cache of the filter
	maxKnownLength = 64  // bytes of a name in the cache
)

// NewFilter returns a filter that hides these names too, and lets the names in keep
// through.
func NewFilter(hide Names, keep []string) *Filter {
	f := &Filter{hide: hide, keep: keep}
	f.known.Bound = maxKnownNames
	return f
}

// Apply deletes from headers what is hidden, and every value that holds the token by
// which the request was let through. If token is empty, it deletes the values that hold
// one of the tokens in credentials, the request's authorization values, since other
// services may accept it.
func (f *Filter) Apply(headers map[string][]string, token string, credentials []string) {
	var unverified []string
	if token == "" {
		unverified = tokensIn(credentials)
	}
	for name, values := range headers {
		if f.hides(name) || holds(values, token) || slices.ContainsFunc(unverified, func(t string) bool { return holds(values, t) }) {
			delete(headers, name)
		}
	}
}

// leastToken is the length in bytes of the shortest text that counts as a token
// although nobody has verified it. A shorter text could be a part of any value.
const leastToken = 16

// tokensIn returns the tokens in authorization values.
func tokensIn(values []string) (tokens []string) {
	for _, value := range values {
		if token := value[strings.LastIndexByte(value, ' ')+1:]; len(token) >= leastToken {
			tokens = append(tokens, token)
		}
	}
	return tokens
}

// hides reports whether headers of this name are hidden from handlers.
func (f *Filter) hides(name string) bool {
	if hidden, ok := f.known.Load()[name]; ok {
		return hidden
	}
	if len(name) > maxKnownLength {
		return f.judge(name)
	}
	name = strings.Clone(name)
	if hidden, ok := f.known.LoadOrAdd(name, func() bool { return f.judge(name) }); ok {
		return hidden
	}
	return f.judge(name)
}

func (f *Filter) judge(name string) bool {
	name = strings.ToLower(name)
	if slices.Contains(f.keep, name) {
		return false
	}
	p := plain(name)
	return f.hide.match(name) || f.hide.match(p) || hiddenNames.match(p) && !slices.Contains(harmlessNames, p)
}

func holds(values []string, token string) bool {
	return token != "" && slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, token) })
}
