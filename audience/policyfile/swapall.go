package policyfile

import (
	"errors"

	"github.com/grpcaud/grpcaud/audience/access"
)

// SwapAll returns one function for [Watch] that gives each new policy to several: the
// Swap of a server and that of the clients in the same process.
//
//	go policyfile.Watch(ctx, "access.yaml", policyfile.SwapAll(server.Swap, client.Swap))
//
// It calls them in this order, and stops at the first that refuses the policy. Those
// that had accepted it then get the last policy that all accepted, if there was one,
// so that a server and a client do not go by different policies. The error joins what
// went wrong. The function is not safe for concurrent use; Watch needs no more.
func SwapAll(swaps ...func(*access.Policy) error) func(*access.Policy) error {
	var last *access.Policy // that all accepted
	return func(policy *access.Policy) error {
		for i, swap := range swaps {
			err := swap(policy)
			if err == nil {
				continue
			}
			errs := []error{err}
			for _, accepted := range swaps[:i] {
				if last != nil {
					errs = append(errs, accepted(last))
				}
			}
			return errors.Join(errs...)
		}
		last = policy
		return nil
	}
}
