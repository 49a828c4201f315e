package tokensource_test

import (
	"context"
	"crypto"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// quiet keeps the log out of the examples' output.
var quiet = tokensource.Logger(slog.New(slog.DiscardHandler))

// A client that proves itself with a private key. In production it is in a file
// ([tokensource.PrivateKeyFile]) or in a KMS.
func ExamplePrivateKeyJWT() {
	key := testutil.NewKey("ES256")
	idp := testutil.NewIssuer("https://idp.example.com/realms/corp")
	idp.Register(testutil.Client{ID: "backoffice-portal", Keys: []*testutil.Key{key}, Audiences: []string{"order-status"}})

	auth := tokensource.PrivateKeyJWT("backoffice-portal", key.Private().(crypto.Signer), tokensource.KeyID("2026-11"))
	tokens, err := tokensource.New(idp.URL(), auth, tokensource.Transport(idp.Transport()), quiet)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tokens.Close()
	token, err := tokens.Token(context.Background(), tokensource.Request{Audience: "order-status"})
	fmt.Println(token.Valid(), err)
	// Output: true <nil>
}

// A client of Keycloak that has no client scope for the audience is told which one
// to make.
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
	// tokensource: refused: status 400: invalid_scope: backoffice-portal may not have "order-status"; create a client scope named "order-status" with an audience mapper for "order-status", and add it to client "backoffice-portal" as optional; or, if a default scope has the mapper, set Ask(ByNothing())
}

// A client whose certificate is rotated by rewriting its files.
func ExampleMutualTLS() {
	auth := tokensource.MutualTLS("backoffice-portal", "/etc/backoffice/tls.crt", "/etc/backoffice/tls.key")
	tokens, err := tokensource.New("https://idp.example.com/realms/corp", auth, tokensource.Transport(&http.Transport{}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tokens.Close()
}

// A user of ours calls the service of a partner, whose own issuer trusts ours.
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
