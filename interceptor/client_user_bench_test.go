package interceptor_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/interceptor"
)

// BenchmarkForUser is what a front end pays for each request of a browser: a context for
// its user. Its first call also reads the user's token.
func BenchmarkForUser(b *testing.B) {
	client, err := interceptor.NewClient(policy, "backoffice-portal", interceptor.Logger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	tokens := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "x"})
	b.ReportAllocs()
	for b.Loop() {
		ctx, cancel := context.WithCancel(b.Context())
		if _, err := client.ForUser(ctx, "corp", tokens); err != nil {
			b.Fatal(err)
		}
		cancel()
	}
}
