// Package sourcetest answers one question: is this implementation a
// tokensource.Source?
//
// An implementation, for example over a vault or a workload API, is tested with
// [Run]:
//
//	func TestTokens(t *testing.T) {
//		sourcetest.Run(t, func(t *testing.T) tokensource.Source { return newTokens(t) }, "orders", "invoices")
//	}
//
// Run tests what each Source must do, and not how. It requires no caching, no refresh
// and no sharing of tokens. Run it with the race detector.
package sourcetest

import (
	"context"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

// patience is how long Run waits for one requirement.
const patience = time.Minute

// Run tests the implementation that newTokens returns, with a new one for each
// requirement. It must have tokens for these audiences, at least two, and need not
// know others.
func Run(t *testing.T, newTokens func(t *testing.T) tokensource.Source, audiences ...string) {
	t.Helper()
	if len(audiences) < 2 {
		t.Fatalf("sourcetest: got %d audiences, want two or more", len(audiences))
	}
	for _, r := range requirements {
		t.Run(r.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := r.check(ctx, newTokens(t), audiences); err != nil {
				t.Error(err)
			}
		})
	}
}
