package admission

import "context"

// Adapter is what a guard for another transport takes from a guard that exists: the
// policy in force with all that judges by it, and what peers and handlers are told.
type Adapter struct {
	*Controller

	// Filter deletes from headers what handlers must not see. token is the token by which
	// the request was let through; empty if it has no caller.
	Filter func(headers map[string][]string, token string)

	// StatusError returns the gRPC status for the peer of a refused call, as an
	// error. ctx has the metadata of the call.
	StatusError func(ctx context.Context, method string, d Decision) error
}
