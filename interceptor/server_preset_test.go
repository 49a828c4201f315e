package interceptor_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/documented"
	"github.com/grpcaud/grpcaud/internal/provider"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestDocumentedTokensOfEveryPreset calls a server with the tokens that the provider of
// each preset documents. An access token for the service is admitted, and the same one
// for another audience, or without any, is refused; so is a token of another kind, even
// if it is for the service.
func TestDocumentedTokensOfEveryPreset(t *testing.T) {
	for _, p := range provider.All() {
		tokens := documented.Tokens(p.Preset)
		for _, token := range tokens {
			t.Run(p.Preset+", "+token.Name, func(t *testing.T) {
				// An issuer whose name is http is no address: its keys are elsewhere.
				issuer := testutil.NewIssuer(strings.Replace(tokens[0].Issuer(), "http://", "https://", 1))
				server := serverOf(t, issuer, presetPolicy(t, p, issuer, tokens))
				conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, &orders{anyCaller: true}) })
				for change, want := range outcomes(p, token) {
					raw := mintDocumented(issuer, token, change)
					for shape, call := range shapes {
						ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
						if err := call(bearing(ctx, "Bearer "+raw), conn); !want(verdictOf(err)) {
							t.Errorf("%s, %s: got %v", shape, change, err)
						}
						cancel()
					}
				}
			})
		}
	}
}

// presetPolicy admits the clients of the access tokens among tokens, for the audience of
// the first; those that name no client may call if any of them names none.
func presetPolicy(t *testing.T, p provider.Provider, issuer *testutil.Issuer, tokens []documented.Token) *access.Policy {
	t.Helper()
	m := access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: tokens[0].Issuer(), Preset: p.Preset}},
		Clients: map[string]access.Client{},
	}
	if tokens[0].Issuer() != issuer.URL() {
		m.Issuers["corp"] = access.Issuer{URL: tokens[0].Issuer(), Preset: p.Preset, JWKS: issuer.URL() + string(testutil.JWKS)}
	}
	service := access.Service{GRPC: []string{"acme.orders.v1.OrderStatus"}, Audiences: []string{documentedAudience}}
	if p.Token.NoAudience {
		service.Audiences, service.InsecureNoAudience = nil, "orders/"
	}
	allow := access.Allow{Methods: []string{"*"}, NoScopes: !p.Token.NoAudience}
	if p.Token.NoAudience {
		allow.Scopes = []string{"orders/read"}
	}
	for _, token := range tokens {
		switch {
		case token.Refused != "":
		case token.Client == "":
			allow.AnyClient = true
		default:
			m.Clients[token.Client] = access.Client{}
		}
	}
	for name := range m.Clients {
		if !allow.AnyClient {
			allow.Clients = append(allow.Clients, name)
		}
	}
	service.Allow = []access.Allow{allow}
	m.Services = map[string]access.Service{"order-status": service}
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// documentedAudience is the audience of the service that is called with documented
// tokens.
const documentedAudience = "urn:acme:order-status"

// outcomes returns what must become of a token, by how its audience is changed.
func outcomes(p provider.Provider, token documented.Token) map[string]func(verdict) bool {
	is := func(want verdict) func(verdict) bool { return func(got verdict) bool { return got == want } }
	if token.Refused != "" {
		refused := func(got verdict) bool {
			return got.Code == codes.Unauthenticated && got.Reason != audience.ReasonAudienceMismatch
		}
		return map[string]func(verdict) bool{"for the service": refused}
	}
	elsewhere := is(verdict{codes.Unauthenticated, audience.ReasonAudienceMismatch})
	all := map[string]func(verdict) bool{"for the service": is(verdict{}), "for another service": elsewhere}
	if !p.Token.NoAudience {
		all["for nobody"] = elsewhere
	}
	return all
}

// mintDocumented signs a token, issued now.
func mintDocumented(issuer *testutil.Issuer, token documented.Token, audience string) string {
	claims := testutil.Claims(token.IssuedAt(time.Now()))
	_, has := claims["aud"]
	switch {
	case !has && audience == "for another service":
		claims["scope"] = "billing/read"
	case !has:
	case audience == "for the service":
		claims["aud"] = []string{"billing", documentedAudience}
	case audience == "for another service":
		claims["aud"] = []string{"billing", documentedAudience + "/"}
	default:
		claims["aud"] = nil
	}
	return issuer.Mint(claims, testutil.Header("typ", token.Header["typ"]))
}

// TestClaimsThatNameTheCallerStandForClients shows that a rule for GitHub Actions may name
// the repository instead of a client. Without either, it is refused at load.
func TestClaimsThatNameTheCallerStandForClients(t *testing.T) {
	p, _ := provider.Lookup("github-actions")
	token := documented.Tokens(p.Preset)[0]
	issuer := testutil.NewIssuer(token.Issuer())
	with := func(claims map[string][]string) (*access.Policy, error) {
		return access.New(access.Matrix{
			Issuers: map[string]access.Issuer{"github": {URL: issuer.URL(), Preset: p.Preset}},
			Services: map[string]access.Service{"order-status": {
				GRPC: []string{"acme.orders.v1.OrderStatus"}, Audiences: []string{documentedAudience},
				Allow: []access.Allow{{AnyClient: true, Methods: []string{"*"}, NoScopes: true, Claims: claims}},
			}},
		})
	}
	for _, claims := range []map[string][]string{nil, {"ref": {"refs/heads/main"}}} {
		if _, err := with(claims); err == nil || !strings.Contains(err.Error(), "repository") {
			t.Errorf("a rule with claims %v: got %v, want to be told to name the repository", claims, err)
		}
	}
	policy, err := with(map[string][]string{"repository": {"acme/shop"}, "ref": {"refs/heads/main"}})
	if err != nil {
		t.Fatal(err)
	}
	conn := connectTo(t, serverOf(t, issuer, policy))
	for repository, want := range map[string]verdict{
		"acme/shop":    {},
		"mallory/shop": {codes.PermissionDenied, audience.ReasonClaimNotAllowed},
	} {
		token.Claims["repository"] = repository
		for shape, call := range shapes {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			if err := call(bearing(ctx, "Bearer "+mintDocumented(issuer, token, "for the service")), conn); verdictOf(err) != want {
				t.Errorf("%s, %s: got %v, want %v", shape, repository, err, want)
			}
			cancel()
		}
	}
}
