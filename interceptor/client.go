package interceptor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/tokensource"
)

// Client calls the services of an access matrix as one of its clients. It knows
// the audience of each, how to ask for it, and to which places its tokens may be
// sent. It is safe for concurrent use, and one is enough for a process.
type Client struct {
	clientOptions
	name      string
	plan      atomic.Pointer[plan] // of the policy in force
	allowance *allowance

	mu      sync.Mutex      // guards the rest
	named   map[string]bool // the services that connections are made for
	retired *plan           // of the policy before, whose sources some calls may wait for; nil for none
	closed  bool
}

// NewClient returns the client of that name in policy. The client's secrets are
// read from files when they are needed, and from environment variables now; one
// that is missing or empty is an error. NewClient does no network I/O. Close the
// client when its connections are closed.
func NewClient(policy *access.Policy, name string, opts ...ClientOption) (*Client, error) {
	if policy == nil {
		return nil, errors.New("interceptor: no policy")
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
	c := &Client{clientOptions: o, name: name, allowance: newAllowance(), named: map[string]bool{}}
	c.plan.Store(plan)
	return c, nil
}

// Service returns the options of a connection on which the client calls these
// services of the matrix as itself: the tokens for them, and interceptors that
// hold them to their places and try again what [Retry] says. Of several services,
// the gRPC service that is called picks one; a method of none fails before a
// token is asked for. What the matrix opens to anybody is called without a token.
//
// A token goes to the authorities of its service alone; where the matrix lists
// none, that is the host which the connection is made for. An authority other than
// the connection's target (by WithAuthority, CallAuthority, a server name in the TLS
// configuration, or a resolver) counts only if TLS has verified a certificate for it.
// Without TLS, over [Loopback] or a [Mesh], and where the verification is switched
// off, nobody proves it: it must be the target's host and port, and on the list if
// there is one. The target of a unix socket is localhost.
//
// A name that is not in the matrix, or that the matrix does not let the client
// call, is logged, and fails each call with the same text.
func (c *Client) Service(names ...string) []grpc.DialOption { return c.options(asService, names) }

// OnBehalfOf is [Client.Service] for calls that a service makes for the caller
// which it is serving, by exchange of the caller's token: see the function
// [OnBehalfOf].
func (c *Client) OnBehalfOf(names ...string) []grpc.DialOption { return c.options(onBehalfOf, names) }

// Forward is [Client.Service] for calls that bear the very token of the caller
// which a service is serving: see the function [Forward].
func (c *Client) Forward(names ...string) []grpc.DialOption { return c.options(forward, names) }

func (c *Client) options(v verb, names []string) []grpc.DialOption {
	p := &presenter{client: c, verb: v, names: slices.Clone(names)}
	if err := p.current().err; err != nil {
		c.log.Error("every call on a connection will fail", slog.String("client", c.name), slog.String("error", err.Error()))
	} else {
		c.mu.Lock()
		for _, name := range names {
			c.named[name] = true
		}
		c.mu.Unlock()
	}
	return p.options()
}

// Warm gets the client's own tokens for these services, all at once, so that the
// first calls need not wait. The error joins what is wrong with the names, and
// why there is no token. A process need not stop for the latter: calls try
// again.
func (c *Client) Warm(ctx context.Context, services ...string) error {
	plan := c.plan.Load()
	errs := make([]error, len(services))
	var all sync.WaitGroup
	for i, name := range services {
		all.Go(func() {
			_, creds, err := plan.credentials(asService, name)
			if err == nil {
				_, err = creds.tokens.Token(ctx, creds.request)
			}
			errs[i] = err
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// Snapshot returns what the client knows of its tokens, for a debug page; see
// [tokensource.Cache.Stats].
func (c *Client) Snapshot() []tokensource.TokenStats {
	var rows []tokensource.TokenStats
	for source := range c.plan.Load().sources {
		rows = append(rows, source.Stats()...)
	}
	return rows
}

// Swap has the client go by another policy, on its connections too. Tokens stay
// at hand if neither the client nor its issuer has changed.
//
// An error leaves the old policy in force: it tells of a policy that lacks the
// client, or lets it no longer call a service that a connection was made for.
func (c *Client) Swap(policy *access.Policy) error {
	if policy == nil {
		return errors.New("interceptor: no policy")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.plan.Load()
	next, err := c.fitting(policy, old)
	if err != nil {
		return fmt.Errorf("interceptor: the old policy stays: %w", err)
	}
	c.plan.Store(next)
	if next.tokens != old.tokens || !maps.Equal(next.files, old.files) {
		if c.retired != nil {
			c.retired.close()
		}
		c.retired = old
	}
	return nil
}

// fitting returns the plan for a policy, if it leads wherever connections do. It
// is called while mu is held.
func (c *Client) fitting(policy *access.Policy, old *plan) (*plan, error) {
	if c.closed {
		return nil, tokensource.ErrClosed
	}
	for _, name := range slices.Sorted(maps.Keys(c.named)) {
		if _, err := policy.Target(c.name, name); err != nil {
			return nil, err
		}
	}
	return newPlan(policy, c.name, &c.clientOptions, old)
}

// Close ends the client's requests for tokens, and forgets its tokens; calls
// that need one fail. It always returns nil, and may be called again.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.plan.Load().close()
	if c.retired != nil {
		c.retired.close()
	}
	return nil
}
