package interceptor

import (
	"fmt"

	"github.com/grpcaud/grpcaud/audience/access"
)

// Swap replaces the policy of a running server. The new policy judges calls that begin
// afterwards. It also judges running streams, at the time at which they began: a
// stream that it refuses ends with the reason, and the others end at the time that
// the new policy sets. A call that both policies admit is also admitted during the
// change. The keys of issuers that do not change stay in memory.
//
// If Swap returns an error, the old policy stays in force. The error says that the
// new policy lacks a service, or does not cover a gRPC server that was checked by
// [Server.CheckCoverage]: a method has no rule, or the policy was made without the
// options of a .proto file. Swap uses up no hand-out, and is safe for concurrent use.
func (s *Server) Swap(policy *access.Policy) error {
	if err := s.admission.Swap(policy); err != nil {
		return fmt.Errorf("interceptor: %w", err)
	}
	s.leases.JudgeAll()
	return nil
}

// Generation returns [access.Policy.Generation] of the policy in force.
func (s *Server) Generation() string { return s.admission.Generation() }
