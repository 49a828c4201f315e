package tokensource_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

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

func ExampleNewFile() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "token") // such as /var/run/secrets/tokens/order-status
	if err := os.WriteFile(path, []byte("what-the-kubelet-wrote\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	tokens, err := tokensource.NewFile(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tokens.Close()
	token, err := tokens.Token(context.Background(), tokensource.Request{Audience: "order-status"})
	fmt.Println(token.Valid(), token, err)
	// Output: true [redacted] <nil>
}

func ExampleNewTransport() {
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Header.Get("Authorization"))
	}))
	defer api.Close()
	tokens, err := tokensource.NewFunc(func(context.Context, tokensource.Request) (tokensource.Token, error) {
		return tokensource.NewToken("from-the-vault", time.Now().Add(time.Hour)), nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tokens.Close()

	carrying := tokensource.NewTransport(tokens, tokensource.Request{Audience: "order-status"},
		api.Client().Transport, api.Listener.Addr().String())
	client := &http.Client{Transport: carrying, Timeout: time.Minute}
	resp, err := client.Get(api.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	// Output: Bearer from-the-vault
}
