package admission

import (
	"fmt"

	"github.com/grpcaud/grpcaud/audience/access"
)

// Swap replaces the policy in force. Requests that begin afterwards are judged by
// the new one; the adapter has running streams judged again. The keys of issuers
// that stay the same stay at hand.
//
// An error leaves the old policy in force: the new one lacks a service, or does
// not cover what [Controller.CheckCoverage] was told of.
func (c *Controller) Swap(policy *access.Policy) error {
	if policy == nil {
		return errNoPolicy
	}
	c.swapping.Lock()
	defer c.swapping.Unlock()
	guard, err := c.coveringGuardLocked(policy)
	if err == nil {
		err = c.verifier.Replace(guard.Issuers())
	}
	if err != nil {
		return fmt.Errorf("interceptor: the old policy stays: %w", err)
	}
	c.guard.Store(guard)
	c.options = policy.GivenOptions()
	c.logWarnings(policy)
	return nil
}

// coveringGuardLocked returns the server's part of a policy, if that covers all
// surfaces.
func (c *Controller) coveringGuardLocked(policy *access.Policy) (*access.Guard, error) {
	guard, err := policy.Guard(c.services...)
	if err != nil {
		return nil, err
	}
	options := policy.GivenOptions()
	for _, s := range c.surfaces {
		if err := s.check(guard, options); err != nil {
			return nil, err
		}
	}
	return guard, nil
}
