package interceptor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpcaud/grpcaud/internal/authority"
)

// serviceCredentials are the per-RPC credentials of a connection to services of the
// matrix. The gRPC service that is called selects the token.
type serviceCredentials struct {
	client      *Client
	propagation propagation
	services    []string
	routes      atomic.Pointer[routeTable] // under the plan that was last seen
}

// routeTable maps methods to the credentials of calls to them, under one plan.
type routeTable struct {
	plan     *plan
	byGRPC   map[string]*route // by gRPC service
	catchAll *route            // for a service that lists no gRPC services; else nil
	err      error             // a mistake in the names of the services
}

// route has the credentials for one service of the matrix.
type route struct {
	service     string
	credentials *perRPC
	authorities authority.List
	lastChecked atomic.Pointer[destination] // passed the check without a certificate; most calls have the same one
}

// destination is the authority of a call and its connection.
type destination struct {
	uri        string
	connection *connection
}

// current returns the routes under the plan in force.
func (c *serviceCredentials) current() *routeTable {
	plan := c.client.plan.Load()
	r := c.routes.Load()
	if r == nil || r.plan != plan {
		r = plan.newRouteTable(c.propagation, c.services)
		c.routes.Store(r)
	}
	return r
}

// routeFor returns the route of a method; nil for a public one.
func (r *routeTable) routeFor(method string) (*route, error) {
	service, name, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	to := r.byGRPC[service]
	switch {
	case r.plan.publicMethods[method], to == nil && r.plan.publicServices[service]:
		return nil, nil
	case to != nil:
		return to, nil
	case r.err != nil:
		return nil, r.err
	case r.catchAll != nil:
		return r.catchAll, nil
	}
	return nil, fmt.Errorf("interceptor: %s/%s belongs to none of the services that this connection is for: they consist of %q", service, name, slices.Sorted(maps.Keys(r.byGRPC)))
}

// checkMethod refuses methods without a route before a connection is opened for them.
func (c *serviceCredentials) checkMethod(method string) error {
	if _, err := c.current().routeFor(method); err != nil {
		return unsentStatus(c.propagation.unsentCode(err), err, "", method)
	}
	return nil
}

// RequireTransportSecurity implements [credentials.PerRPCCredentials]. It leaves the check
// of the connection to GetRequestMetadata, which is stricter than gRPC's and says what to
// write instead.
func (c *serviceCredentials) RequireTransportSecurity() bool { return false }

// GetRequestMetadata implements [credentials.PerRPCCredentials]. It checks where the
// call goes before it asks for a token.
func (c *serviceCredentials) GetRequestMetadata(ctx context.Context, uri ...string) (map[string]string, error) {
	info, _ := credentials.RequestInfoFromContext(ctx)
	return c.present(ctx, uri, info, attemptFrom(ctx))
}

// present returns the header with the token of one attempt; nil for a public method.
func (c *serviceCredentials) present(ctx context.Context, uri []string, info credentials.RequestInfo, a *attempt) (map[string]string, error) {
	to, err := c.current().routeFor(info.Method)
	switch {
	case !c.client.wire.carries(info.AuthInfo): // also for a method that needs no token
		err = c.client.wire.refusal()
		return nil, a.failUnsent(c.propagation.unsentCode(err), err)
	case err != nil:
		return nil, a.failUnsent(c.propagation.unsentCode(err), err)
	case to == nil:
		return nil, nil
	}
	if err := to.checkDestination(uri, info, a); err != nil {
		return nil, a.failUnsent(c.propagation.unsentCode(err), err)
	}
	return to.credentials.metadata(ctx, info, a)
}

var errInterceptorsMissing = errors.New("interceptor: the call has not passed the interceptors that came with its credentials; use all of the dial options")

// checkDestination refuses a call to an authority that the service's tokens may not
// be sent to. uri is https://authority/service. A result that did not need the
// connection's certificate is remembered.
func (r *route) checkDestination(uri []string, info credentials.RequestInfo, a *attempt) error {
	if a == nil || len(uri) != 1 {
		return errInterceptorsMissing
	}
	if last := r.lastChecked.Load(); last != nil && last.uri == uri[0] && last.connection == a.connection {
		return nil
	}
	service := info.Method[:max(0, strings.LastIndexByte(info.Method, '/'))]
	called := strings.TrimSuffix(strings.TrimPrefix(uri[0], "https://"), service)
	err := r.authorities.Check(called, a.connection.authority, nil)
	if err == nil {
		r.lastChecked.Store(&destination{uri[0], a.connection})
		return nil
	}
	if tls, ok := info.AuthInfo.(credentials.TLSInfo); ok {
		err = r.authorities.Check(called, a.connection.authority, &tls.State)
	}
	if err != nil {
		return fmt.Errorf("interceptor: %w", err)
	}
	return nil
}

// options returns the options of a connection with these credentials.
func (c *serviceCredentials) options() []grpc.DialOption {
	r := &retrier{budget: c.client.retryBudget(c.services), services: c, refusals: c.client.refusals}
	return slices.Concat(c.client.recordLogging(), r.options(), []grpc.DialOption{grpc.WithPerRPCCredentials(c)})
}
