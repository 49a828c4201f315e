package policyfile

import (
	"errors"

	"github.com/grpcaud/grpcaud/audience/access"
)

// SwapAll returns a function for [Watch] that gives each new policy to several Swap
// functions: those of a server and of the clients in the same process.
//
//	go policyfile.Watch(ctx, "access.yaml", policyfile.SwapAll(server.Swap, client.Swap))
//
// It calls them in this order, and stops at the first one that refuses the policy.
// The functions that had accepted it then get the last policy that all accepted, if
// there was one, so that a server and a client never use different policies. The
// error joins the errors of all these calls. The function is not safe for concurrent
// use; Watch calls it from one goroutine.
func SwapAll(swaps ...func(*access.Policy) error) func(*access.Policy) error {
	var last *access.Policy // which all accepted
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
