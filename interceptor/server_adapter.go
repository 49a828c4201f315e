package interceptor

import (
	"context"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// Adapter returns the parts of s from which the packages beside this one make guards for
// other transports, such as extauthz. Programs have no use for it: they give s to
// those packages.
func (s *Server) Adapter() admission.Adapter {
	return admission.Adapter{
		Controller: s.admission, StatusError: refusalStatus,
		Filter: func(headers map[string][]string, token string) { s.metadata.filter(headers, token) },
	}
}

// refusalStatus returns the status for the peer of a refused call; ctx has the call's
// metadata as they came.
func refusalStatus(ctx context.Context, method string, d admission.Decision) error {
	return statusOf(d.Answer(), refusalInfo(ctx, method, d.RequestID)).Err()
}
