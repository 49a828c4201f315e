package interceptor

import (
	"context"
	"crypto/rand"
	"strings"

	"google.golang.org/grpc/metadata"
)

// requestIDOf returns the name of a call under which its peer can ask for the
// story: the one that the peer gave it as x-request-id, or else a new one.
func requestIDOf(ctx context.Context) string {
	if id := sentRequestID(ctx); id != "" {
		return id
	}
	return rand.Text()
}

// sentRequestID returns the name that the peer gave a call, if it is harmless
// in a log; empty if it gave none.
func sentRequestID(ctx context.Context) string {
	const longest = 128
	values := metadata.ValueFromIncomingContext(ctx, "x-request-id")
	if len(values) != 1 || len(values[0]) > longest || strings.ContainsFunc(values[0], notInRequestID) {
		return ""
	}
	return values[0]
}

func notInRequestID(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("._-", c)
}
