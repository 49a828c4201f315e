// Package sourcetest answers one question: is this a tokensource.Source?
//
// Whoever writes one, over a vault or a workload API, runs [Run] against it:
//
//	func TestTokens(t *testing.T) {
//		sourcetest.Run(t, func(t *testing.T) tokensource.Source { return newTokens(t) }, "orders", "invoices")
//	}
//
// It asks for what every Tokens must do, with no look at how; that a token is kept,
// renewed and shared is not asked for. Run it with the race detector.
package sourcetest

import (
	"context"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

// patience is how long Run waits for an answer that may be on its way.
const patience = time.Minute

// Run tests the implementation that newTokens returns, with one of its own for each
// row of the table. It must be able to give tokens for the audiences, of which there
// are at least two, and need not know others.
func Run(t *testing.T, newTokens func(t *testing.T) tokensource.Source, audiences ...string) {
	t.Helper()
	if len(audiences) < 2 {
		t.Fatalf("sourcetest: got %d audiences, want two or more", len(audiences))
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := row.check(ctx, newTokens(t), audiences); err != nil {
				t.Error(err)
			}
		})
	}
}
