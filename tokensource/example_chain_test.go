package tokensource_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// quiet keeps log lines out of the output of the examples.
var quiet = tokensource.Logger(slog.New(slog.DiscardHandler))

// The error tells a client of Keycloak without a client scope for the audience which
// one to create.
func ExamplePreset() {
	idp := testutil.NewIssuer("https://idp.example.com/realms/corp", testutil.AudienceScope("{audience}"))
	idp.Register(testutil.Client{ID: "backoffice-portal", Secret: "secret"})

	tokens, err := tokensource.New(idp.URL(), tokensource.ClientCredentials("backoffice-portal", "secret"),
		tokensource.Preset("keycloak"), tokensource.Transport(idp.Transport()), quiet)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tokens.Close()
	_, err = tokens.Token(context.Background(), tokensource.Request{Audience: "order-status"})
	fmt.Println(err)
	// Output:
	// tokensource: refused: status 400: invalid_scope: backoffice-portal may not have "order-status"; create a client scope named "order-status" with an audience mapper for "order-status", and add it to client "backoffice-portal" as optional; or, if a default scope has the mapper, ask without the audience (ask: nothing)
}

// A user of this company calls a service of a partner, whose issuer trusts the
// company's issuer.
func ExampleChain() {
	home, partner := testutil.NewIssuer("https://idp.example.com"), testutil.NewIssuer("https://idp.partner.example")
	partner.Trust(home)
	home.Register(testutil.Client{ID: "portal", Secret: "ours", Audiences: []string{partner.URL()}, Exchange: true})
	partner.Register(testutil.Client{ID: "acme", Secret: "theirs", Audiences: []string{"freight"}})
	wire := tokensource.Transport(home.Transport(partner))

	a, _ := tokensource.New(home.URL(), tokensource.ClientCredentials("portal", "ours"), wire, quiet)
	defer a.Close()
	b, _ := tokensource.New(partner.URL(), tokensource.ClientCredentials("acme", "theirs"), wire, quiet)
	defer b.Close()
	tokens, err := tokensource.Chain(a, b, quiet)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tokens.Close()
	alice := tokensource.NewToken(home.User("website", "alice", "portal"), time.Time{})
	token, err := tokens.Token(context.Background(), tokensource.Request{Audience: "freight", Subject: alice, SubjectIssuer: home.URL()})
	fmt.Println(token.Valid(), err)
	// Output: true <nil>
}
