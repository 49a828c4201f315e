package tokensource_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

func Example() {
	idp := testutil.NewIssuer("https://idp.example.com/realms/corp")
	idp.Register(testutil.Client{ID: "backoffice-portal", Secret: "secret", Audiences: []string{"order-status"}})

	tokens, err := tokensource.New(idp.URL(), tokensource.ClientCredentials("backoffice-portal", "secret"),
		tokensource.Transport(idp.Transport()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tokens.Close()
	for _, audience := range []string{"order-status", "human-resource"} {
		token, err := tokens.Token(context.Background(), tokensource.Request{Audience: audience})
		fmt.Println(audience, token.Valid(), errors.Is(err, tokensource.ErrRefused))
	}
	// Output:
	// order-status true false
	// human-resource false true
}
