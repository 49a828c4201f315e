package revocation

import (
	"context"

	"github.com/grpcaud/grpcaud/audience/claims"
)

// Checker says which genuine tokens were revoked before they expired. It must be safe
// for concurrent use.
type Checker interface {
	// Revoked returns nil for a token that is not revoked, and an [audience.Refusal]
	// with [audience.CauseRevoked] for one that is. Any other error means that it is
	// not known; the call is then refused with [audience.CauseRevocationUnavailable].
	Revoked(ctx context.Context, c *claims.Claims) error
}

// Readier is a [Checker] that may not know what was revoked, such as one that has lost
// its source. A server is not ready while its Checker is not, and running streams end
// then: a Readier says how long its knowledge counts after it was cut off.
type Readier interface {
	Checker

	// Ready returns nil, or why it is not known what was revoked. It must not wait.
	Ready() error
}

// Counter is a [Checker] that counts the changes of what it knows. A server then checks
// its running streams a quarter of a second after a change at the latest, and not only once
// a second.
type Counter interface {
	Checker

	// Changes returns the count, which only grows. It must not wait.
	Changes() uint64
}
