package interceptor

import "github.com/grpcaud/grpcaud/internal/serving"

// Core returns what s shares with the adapters for other transports, such as
// interceptor/httpguard. Only packages of this module can call it.
func (s *Server) Core(serving.Internal) *serving.Core {
	return &serving.Core{
		Admission: s.admission, Leases: s.leases, Headers: s.metadata, Log: s.config.Log, LinkedOptions: linkedOptions, RefusalError: refusalError, EndError: endError,
		DownstreamCode: func(err error) (uint32, bool) { return uint32(downstreamCode(err)), isDownstreamRefusal(err) },
	}
}
