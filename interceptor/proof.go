package interceptor

import (
	"context"
	"strings"

	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// attemptHeader is the metadatum by which a client tells each attempt of a call
// from all others: a random text. Handlers do not see it, see [StripMetadata].
const attemptHeader = "grpcaud-call"

// proofKey is the key of the ErrorInfo's metadata that proves to a client that the
// guard of the server which it called has refused this attempt: see [proof].
const proofKey = "call"

// proof binds a refusal to one attempt at one method. A handler that hands on a
// refusal of another service, with its details and its trailers, hands on the
// proof of an attempt of its own, which is none to its client: the handler has
// run, and the client's token was good.
func proof(attempt, method string) string {
	return attempt + " " + strings.TrimPrefix(method, "/")
}

// proofFor returns the proof that the attempt was refused which came with ctx;
// empty if the client gave it no name. The last name is the one that the client
// itself gave, those before are of calls that it had the metadata from.
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

// refusalInfo returns the metadata of the ErrorInfo that a guard refuses a call
// with, whose context as it came is ctx.
func refusalInfo(ctx context.Context, method, requestID string) map[string]string {
	info := map[string]string{requestIDInfo: requestID}
	if proof := proofFor(ctx, method); proof != "" {
		info[proofKey] = proof
	}
	return info
}
