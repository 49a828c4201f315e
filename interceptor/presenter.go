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
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
)

// presenter are the credentials of a connection to services of the matrix: the
// gRPC service that is called picks among them.
type presenter struct {
	client *Client
	verb   verb
	names  []string
	routes atomic.Pointer[routes]
}

// routes are where the calls of a presenter go, under one plan.
type routes struct {
	plan   *plan
	byGRPC map[string]*route
	any    *route // for whatever is called; nil if the services list what they consist of
	err    error  // of the names themselves
}

// route is one service.
type route struct {
	credentials *perRPC
	authorities authorities
	admitted    atomic.Pointer[journey] // the last: most calls go the same way
}

// journey is where a call goes, and over what.
type journey struct {
	uri   string
	place *place
}

// current returns the routes of the plan in force.
func (p *presenter) current() *routes {
	plan := p.client.plan.Load()
	r := p.routes.Load()
	if r == nil || r.plan != plan {
		r = plan.routes(p)
		p.routes.Store(r)
	}
	return r
}

// pick returns the route of a method; nil for one that anybody may call.
func (r *routes) pick(method string) (*route, error) {
	service, name, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	to := r.byGRPC[service]
	switch {
	case r.plan.opened[method], to == nil && r.plan.open[service]:
		return nil, nil
	case to != nil:
		return to, nil
	case r.err != nil:
		return nil, r.err
	case r.any != nil:
		return r.any, nil
	}
	return nil, fmt.Errorf("interceptor: %s/%s belongs to none of the services that this connection is for: they consist of %q", service, name, slices.Sorted(maps.Keys(r.byGRPC)))
}

// may refuses methods that have no route, before anything is dialled for them.
func (p *presenter) may(method string) error {
	if _, err := p.current().pick(method); err != nil {
		return failed(codes.Unauthenticated, err)
	}
	return nil
}

// RequireTransportSecurity implements [credentials.PerRPCCredentials].
func (p *presenter) RequireTransportSecurity() bool { return !p.client.wire.plain() }

// GetRequestMetadata implements [credentials.PerRPCCredentials]. It looks at
// where the call goes before it asks for a token.
func (p *presenter) GetRequestMetadata(ctx context.Context, uri ...string) (map[string]string, error) {
	info, _ := credentials.RequestInfoFromContext(ctx)
	out := outgoingFrom(ctx)
	to, err := p.current().pick(info.Method)
	switch {
	case err != nil:
		return nil, out.fail(codes.Unauthenticated, err)
	case to == nil:
		return nil, nil
	}
	if err := to.admits(uri, info, out); err != nil {
		return nil, out.fail(codes.Unauthenticated, err)
	}
	return to.credentials.metadata(ctx, info, out)
}

var errNoInterceptors = errors.New("interceptor: the call has not passed the interceptors that came with its credentials; use all of the dial options")

// admits judges where a call goes: its uri is https://authority/service. What the
// connection need not prove is remembered.
func (r *route) admits(uri []string, info credentials.RequestInfo, out *outgoing) error {
	if out == nil || len(uri) != 1 {
		return errNoInterceptors
	}
	if last := r.admitted.Load(); last != nil && last.uri == uri[0] && last.place == out.place {
		return nil
	}
	service := info.Method[:max(0, strings.LastIndexByte(info.Method, '/'))]
	authority := strings.TrimSuffix(strings.TrimPrefix(uri[0], "https://"), service)
	err := r.authorities.admits(authority, out.place.dialled, false)
	switch {
	case err == nil:
		r.admitted.Store(&journey{uri[0], out.place})
	case proves(info.AuthInfo, authority):
		return r.authorities.admits(authority, out.place.dialled, true)
	}
	return err
}

// options returns what a connection is made with.
func (p *presenter) options() []grpc.DialOption {
	r := &retrier{allowance: p.client.allowance, may: p.may}
	return append(append(p.client.audit(), r.options()...), grpc.WithPerRPCCredentials(p))
}
