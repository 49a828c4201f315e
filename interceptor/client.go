package interceptor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/tokensource"
)

// Client calls the services of an access matrix as one of its clients. It knows
// the audience of each service, how the issuer is asked for it, and to which hosts
// its tokens may be sent. It is safe for concurrent use; one is enough for a process.
type Client struct {
	clientOptions
	name     string
	plan     atomic.Pointer[plan] // of the policy in force
	refusals *clientRefusals

	mu           sync.Mutex              // guards the fields below
	connected    map[string]bool         // the services that connections were made for
	retryBudgets map[string]*retryBudget // by the services of the connections that share one
	previous     *plan                   // the plan before, whose caches calls may still wait for; nil if there is none
	closed       bool
}

// NewClient returns the client of this name in policy. Secrets in files are read
// when they are needed. Secrets in environment variables are read now; a variable
// that is missing or empty is an error. NewClient does no network I/O. Close the
// client after its connections.
func NewClient(policy *access.Policy, name string, opts ...ClientOption) (*Client, error) {
	if policy == nil {
		return nil, errors.New("interceptor: no policy; load one with policyfile.Load")
	}
	o, err := newClientOptions(opts)
	if err != nil {
		return nil, err
	}
	plan, err := newPlan(policy, name, &o, nil)
	if err != nil {
		return nil, err
	}
	if err := o.wire.reportInsecure(o.log, o.meters); err != nil {
		plan.close()
		return nil, err
	}
	refusals, err := newClientRefusals(name, o.log, o.meters)
	if err != nil {
		plan.close()
		return nil, err
	}
	c := &Client{clientOptions: o, name: name, refusals: refusals, connected: map[string]bool{}, retryBudgets: map[string]*retryBudget{}}
	c.plan.Store(plan)
	return c, nil
}

// retryBudget returns the budget for repeated calls on connections to these services.
// A service that refuses every call uses up nothing of what others have.
func (c *Client) retryBudget(services []string) *retryBudget {
	key := fmt.Sprintf("%q", slices.Sorted(slices.Values(services)))
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.retryBudgets[key]
	if !ok {
		b = newRetryBudget()
		c.retryBudgets[key] = b
	}
	return b
}

// Warm fetches the client's own tokens for these services, concurrently, so that the
// first calls do not wait. The error joins the mistakes in the names and the failures
// to get a token. A process need not stop because of a failure: calls try again.
func (c *Client) Warm(ctx context.Context, services ...string) error {
	plan := c.plan.Load()
	errs := make([]error, len(services))
	var all sync.WaitGroup
	for i, name := range services {
		all.Go(func() {
			_, creds, err := plan.credentials(asService, name)
			if err == nil {
				_, err = creds.source.Token(ctx, creds.request)
			}
			errs[i] = err
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// Stats returns the state of the client's cached tokens, for a debug page; see
// [tokensource.Cache.Stats]. It contains no token.
func (c *Client) Stats() []tokensource.TokenStats {
	var rows []tokensource.TokenStats
	for source := range c.plan.Load().caches {
		rows = append(rows, source.Stats()...)
	}
	return rows
}

// Swap replaces the client's policy, also for its open connections. Cached tokens are
// kept if neither the client's entry nor its issuer has changed.
//
// Swap returns an error if the new policy lacks the client, or no longer lets it call
// a service that a connection was made for. The old policy then stays in force.
func (c *Client) Swap(policy *access.Policy) error {
	if policy == nil {
		return errors.New("interceptor: no policy; load one with policyfile.Load")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.plan.Load()
	next, err := c.planFor(policy, old)
	if err != nil {
		return fmt.Errorf("interceptor: the old policy stays: %w", err)
	}
	c.plan.Store(next)
	if next.cache != old.cache || !maps.Equal(next.fileCaches, old.fileCaches) {
		if c.previous != nil {
			c.previous.close()
		}
		c.previous = old
	}
	return nil
}

// planFor returns the plan for a policy that still lets the client call every service
// that it has connections to. The caller holds mu.
func (c *Client) planFor(policy *access.Policy, old *plan) (*plan, error) {
	if c.closed {
		return nil, tokensource.ErrClosed
	}
	for _, name := range slices.Sorted(maps.Keys(c.connected)) {
		if _, err := policy.Target(c.name, name); err != nil {
			return nil, err
		}
	}
	return newPlan(policy, c.name, &c.clientOptions, old)
}

// Close ends the client's token requests, drops its cached tokens and writes the log
// lines that count repeated refusals; later calls that need a token fail. It always
// returns nil and may be called again.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.refusals.close()
	c.plan.Load().close()
	if c.previous != nil {
		c.previous.close()
	}
	return nil
}
