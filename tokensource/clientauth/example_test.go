package clientauth_test

import (
	"context"
	"crypto"
	"fmt"
	"net/http"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/clientauth"
)

// A client authenticates with a private key. In production, the key is in a file
// ([clientauth.PrivateKeyFile]) or in a KMS.
func ExamplePrivateKeyJWT() {
	key := testutil.NewKey("ES256")
	idp := testutil.NewIssuer("https://idp.example.com/realms/corp")
	idp.Register(testutil.Client{ID: "backoffice-portal", Keys: []*testutil.Key{key}, Audiences: []string{"order-status"}})

	auth := clientauth.PrivateKeyJWT("backoffice-portal", key.Private().(crypto.Signer), clientauth.KeyID("2026-11"))
	tokens, err := tokensource.New(idp.URL(), auth, tokensource.Transport(idp.Transport()), silent)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tokens.Close()
	token, err := tokens.Token(context.Background(), tokensource.Request{Audience: "order-status"})
	fmt.Println(token.Valid(), err)
	// Output: true <nil>
}

// A client whose certificate is rotated by rewriting its files.
func ExampleMutualTLS() {
	auth := clientauth.MutualTLS("backoffice-portal", "/etc/backoffice/tls.crt", "/etc/backoffice/tls.key")
	tokens, err := tokensource.New("https://idp.example.com/realms/corp", auth, tokensource.Transport(&http.Transport{}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tokens.Close()
}
