package interceptor

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"strings"

	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// attemptHeader is the metadata key of the random name that a client gives each
// attempt of a call. Handlers do not see it, see [StripMetadata].
const attemptHeader = "grpcaud-call"

// newAttemptName returns a new name of 64 random bits for an attempt, so that nobody
// can guess it during the attempt. The name is short because HTTP/2 does not compress
// values that occur once.
func newAttemptName() string {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// proofKey is the key in the metadata of the ErrorInfo that proves to a client that
// the guard of the server it called has refused this attempt: see [proof].
const proofKey = "call"

// proof binds a refusal to one attempt of a call of one method. A handler that passes
// on the refusal of another service, with its details and trailers, passes on the
// proof of its own attempt. The handler's client does not accept that proof, and so
// does not repeat its call: the handler has run.
func proof(attempt, method string) string {
	return attempt + " " + strings.TrimPrefix(method, "/")
}

// proofFor returns the proof that the attempt of ctx was refused; empty if the client
// gave the attempt no name. If there are several names, the client itself gave the
// last one and copied the others from calls that it serves.
func proofFor(ctx context.Context, method string) string {
	names := metadata.ValueFromIncomingContext(ctx, attemptHeader)
	if len(names) == 0 {
		return ""
	}
	name := admission.CleanID(names[len(names)-1])
	if name == "" {
		return ""
	}
	return proof(name, method)
}

// refusalInfo returns the metadata of the ErrorInfo in the refusal of a call; ctx is
// the call's context as gRPC made it.
func refusalInfo(ctx context.Context, method, requestID string) map[string]string {
	info := map[string]string{requestIDInfo: requestID}
	if proof := proofFor(ctx, method); proof != "" {
		info[proofKey] = proof
	}
	return info
}
