package interceptor

import (
	"errors"
	"fmt"

	"github.com/grpcaud/grpcaud/audience/access"
)

// Swap replaces the policy of a running server. Calls that begin afterwards are
// judged by the new one, and so are running streams, as if they began under it
// when they did: one that it refuses ends with its reason, the others at the end
// that it sets them. A call that both policies admit is admitted while they
// change too. The keys of issuers that stay the same stay at hand.
//
// An error leaves the old policy in force: it tells of a policy that lacks a
// service, or that does not fit the gRPC servers which [Server.CheckCoverage] was
// told of, since a method has no rule, or the policy was made without the options
// of a .proto file. Swap uses up no hand-out.
// Swap is safe for concurrent use.
func (s *Server) Swap(policy *access.Policy) error {
	if policy == nil {
		return errors.New("interceptor: no policy")
	}
	s.swapping.Lock()
	defer s.swapping.Unlock()
	guard, err := s.fitting(policy)
	if err == nil {
		err = s.verifier.Replace(guard.Issuers())
	}
	if err != nil {
		return fmt.Errorf("interceptor: the old policy stays: %w", err)
	}
	s.guard.Store(guard)
	s.given = policy.GivenOptions()
	s.warn(policy)
	for _, l := range s.leases.all() {
		s.reconsider(l)
	}
	return nil
}

// fitting returns this server's part of a policy, if it covers the gRPC servers
// that were checked. It is called while swapping is held.
func (s *Server) fitting(policy *access.Policy) (*access.Guard, error) {
	guard, err := policy.Guard(s.services...)
	if err != nil {
		return nil, err
	}
	given := policy.GivenOptions()
	for _, c := range s.checked {
		if err := c.check(guard, given); err != nil {
			return nil, err
		}
	}
	return guard, nil
}
