// Package serving holds what the adapters of one server share: the one for gRPC, and
// those for other transports. They decide by the same policy, and one swap, one log and
// one set of metrics serve them all.
package serving

import (
	"context"
	"log/slog"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/hiddenheader"
	"github.com/grpcaud/grpcaud/internal/leasing"
)

// Core is what the adapters of a server share. It is safe for concurrent use.
type Core struct {
	Admission *admission.Controller
	Leases    *leasing.Leases
	Headers   *hiddenheader.Filter
	Log       *slog.Logger

	// RefusalError returns the gRPC status for the peer of a refused call, as an
	// error. ctx has the metadata of the call as they came.
	RefusalError func(ctx context.Context, method string, d admission.Decision) error

	// EndError is RefusalError for a call that was ended after its handler began. Clients
	// do not repeat the call, for the handler would run twice.
	EndError func(ctx context.Context, method string, d admission.Decision) error

	// DownstreamCode returns the code of gRPC for the peer of a call whose handler returned err, if
	// err says that another service refused a call, or that the call was not sent. The text
	// of such an error is not for the peer.
	DownstreamCode func(err error) (code uint32, downstream bool)

	// LinkedOptions returns what the .proto files of gRPC services that are linked into
	// the program demand of callers.
	LinkedOptions func(services []string) ([]access.MethodOptions, error)
}

// Internal is an argument of methods that only packages of this module can call.
type Internal struct{}
