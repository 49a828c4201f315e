package admission

import (
	"fmt"

	"github.com/grpcaud/grpcaud/audience/access"
)

// Swap replaces the policy in force. Requests that begin afterwards are judged by
// the new one; the adapter must call [Stream.Judge] for running streams. The keys of
// issuers that do not change stay in memory.
//
// If Swap returns an error, the old policy stays in force: the new one lacks a
// service, or does not cover a surface of [Controller.CheckCoverage].
func (c *Controller) Swap(policy *access.Policy) error {
	err := c.swap(policy)
	c.recorder.policy.count(c.recorder.policy.swaps, err)
	return err
}

func (c *Controller) swap(policy *access.Policy) error {
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
		return fmt.Errorf("the old policy stays: %w", err)
	}
	c.guard.Store(guard)
	c.options = policy.GivenOptions()
	c.logWarnings(policy)
	c.plain.show(guard.Issuers())
	c.reviews.follow(guard)
	return nil
}

// coveringGuardLocked returns the server's part of a policy; an error if it does not
// cover all surfaces.
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

// Generation names the policy in force; see [access.Policy.Generation].
func (c *Controller) Generation() string { return c.guard.Load().Generation() }
