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
	if id := RequestID(ctx); id != "" {
		return id
	}
	return rand.Text()
}

// RequestID returns the name that the peer gave the call which ctx is of, as
// x-request-id in its metadata: for a handler's own log, and for the record of a
// job ([audience.Caller.Record]). Empty if it gave none, several, or one that does
// not belong into a log: more than 128 bytes, or others than letters, digits,
// dots, hyphens and underscores.
func RequestID(ctx context.Context) string {
	values := metadata.ValueFromIncomingContext(ctx, "x-request-id")
	if len(values) != 1 {
		return ""
	}
	return loggable(values[0])
}

// loggable returns s, or nothing if it does not belong into a log.
func loggable(s string) string {
	const longest = 128
	if len(s) > longest || strings.ContainsFunc(s, notInRequestID) {
		return ""
	}
	return s
}

func notInRequestID(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("._-", c)
}
