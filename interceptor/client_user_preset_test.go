package interceptor_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/documented"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestDocumentedTokensOfUsers gives a front end the tokens that the provider of each
// preset documents, as its user's. It presents the access tokens that name a user and the
// front end itself, and no others: no ID token, and no token of another client.
func TestDocumentedTokensOfUsers(t *testing.T) {
	for _, p := range provider.All() {
		for _, token := range documented.Tokens(p.Preset) {
			t.Run(p.Preset+", "+token.Name, func(t *testing.T) {
				ours := token.Refused == "" && !token.Service && token.Client != "" && !p.Token.NoAudience
				for client, want := range map[string]bool{token.Client: ours, "another": false} {
					if client == "" {
						client = "portal"
					}
					if got := presented(t, p, token, client); got != want {
						t.Errorf("client %q: sent %v, want %v", client, got, want)
					}
				}
			})
		}
	}
}

// presented reports whether the client of that id presents a token as its user's.
func presented(t *testing.T, p provider.Provider, token documented.Token, client string) bool {
	t.Helper()
	issuer := testutil.NewIssuer(corp)
	allow := access.Allow{Clients: []string{"portal"}, Methods: []string{"*"}, NoScopes: true}
	if len(p.Token.Clients) == 0 && !p.Token.SoleAudienceIsClient { // the matrix lets no entry name a client
		allow = access.Allow{AnyClient: true, Methods: []string{"*"}, NoScopes: true, Claims: map[string][]string{p.Token.CallerClaims[0].Claim: {"x"}}}
	}
	raw := issuer.Mint(testutil.Claims(token.IssuedAt(time.Now())), testutil.Header("typ", token.Header["typ"]))
	policy, err := access.New(access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: token.Issuer(), Preset: p.Preset, JWKS: corp + string(testutil.JWKS)}},
		Services: map[string]access.Service{"order-status": {
			GRPC: []string{"acme.orders.v1.OrderStatus"}, Audiences: []string{audienceOf(token)},
			Allow: []access.Allow{allow},
		}},
		Clients: map[string]access.Client{"portal": {ID: client, TokenFiles: map[string]string{"order-status": filepath.Join(t.TempDir(), "token")}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	as := newClient(t, issuer, policy, "portal")
	g := &gate{script: []audience.Reason{""}}
	conn := g.serve(t, as.DialOptionsForward("order-status")...)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ctx, err = as.ForUser(ctx, "corp", oauth2.StaticTokenSource(&oauth2.Token{AccessToken: raw}))
	if err != nil {
		t.Fatal(err)
	}
	_ = shapes["unary"](ctx, conn)
	return len(g.tokens) > 0
}

// audienceOf returns the first audience of a token, or another if it has none.
func audienceOf(token documented.Token) string {
	switch aud := token.Claims["aud"].(type) {
	case string:
		return aud
	case []any:
		return aud[0].(string)
	}
	return documentedAudience
}
