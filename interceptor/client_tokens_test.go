package interceptor_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/tokensource"
)

// TestTokensAreThoseOfTheCalls shows that the tokens for calls outside gRPC are
// those of the client's own calls.
func TestTokensAreThoseOfTheCalls(t *testing.T) {
	issuer := newIssuer()
	client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal")
	tokens, request, err := client.Tokens("order-status")
	if err != nil || request.Audience != "order-status" || request.Scope != "orders.read" {
		t.Fatalf("Tokens: %+v, %v, want a request for order-status and orders.read", request, err)
	}
	if err := client.Warm(t.Context(), "order-status"); err != nil {
		t.Fatal(err)
	}
	token, err := tokens.Token(t.Context(), request)
	if err != nil || token.Reveal() == "" || len(client.Stats()) != 1 {
		t.Errorf("Token: %v, with %d at hand, want the one of the client's calls", err, len(client.Stats()))
	}
	for service, want := range map[string]string{"orders": `no service "orders"`, "human-resource": "does not let"} {
		if _, _, err := client.Tokens(service); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Tokens(%q): %v, want %q", service, err, want)
		}
	}
	client.Close()
	if _, err := tokens.Token(t.Context(), request); !errors.Is(err, tokensource.ErrClosed) {
		t.Errorf("Token after Close: %v, want %v", err, tokensource.ErrClosed)
	}
}
