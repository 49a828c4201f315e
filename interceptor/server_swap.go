package interceptor

import "github.com/grpcaud/grpcaud/audience/access"

// Swap replaces the policy of a running server. Calls that begin afterwards are
// judged by the new one, and so are running streams, as if they began under it
// when they did: one that it refuses ends with its reason, the others at the end
// that it sets them. A call that both policies admit is admitted while they
// change too. The keys of issuers that stay the same stay at hand.
//
// An error leaves the old policy in force: it says that a policy lacks a
// service, or does not fit the gRPC servers which [Server.CheckCoverage] was
// told of, since a method has no rule, or the policy was made without the options
// of a .proto file. Swap uses up no hand-out.
// Swap is safe for concurrent use.
func (s *Server) Swap(policy *access.Policy) error {
	if err := s.admission.Swap(policy); err != nil {
		return err
	}
	for _, l := range s.leases.all() {
		s.reconsider(l)
	}
	return nil
}
