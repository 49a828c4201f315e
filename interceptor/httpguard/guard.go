package httpguard

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/overhttp"
	"github.com/grpcaud/grpcaud/internal/serving"
)

// Handlers are the handlers of operations, by their names: "GetOrderStatus", or
// "order-status/GetOrderStatus" if the server hosts several services that have one of that
// name. Several operations may have the same handler.
type Handlers map[string]http.Handler

// New returns a handler that gives each request to the handler of its operation, if admit
// admits it. The options, the log, the metrics and the policy are those of admit, which may
// guard a gRPC server as well; a Swap of its policy counts for both. The handlers find
// wildcards of patterns by [http.Request.PathValue].
//
// These are errors, which are joined: an operation of the services of admit without a
// handler (unless it is closed) or without a rule, a handler without an operation, and a
// policy without the options of the .proto files of these services. Swap refuses policies
// with which New would fail. New does no network I/O. The result is safe for concurrent use;
// do not use it after admit is closed.
func New(admit *interceptor.Server, handlers Handlers, opts ...Option) (http.Handler, error) {
	if len(handlers) == 0 {
		return nil, errors.New("httpguard: no handlers; name each operation of the service with its handler")
	}
	for name, handler := range handlers {
		if handler == nil {
			return nil, fmt.Errorf("httpguard: operation %q has a nil handler", name)
		}
	}
	return newGuard(admit, handlers, nil, opts)
}

// Wrap returns a handler that gives each request of an operation to next, if admit admits
// it. It is for a next that finds the handler itself, such as a grpc-gateway or a reverse
// proxy. Wrap cannot see which routes next has. A route that is no operation of the matrix
// cannot be reached. An operation without a route is admitted, and next answers it. For the
// rest it is as [New].
func Wrap(admit *interceptor.Server, next http.Handler, opts ...Option) (http.Handler, error) {
	if next == nil {
		return nil, errors.New("httpguard: a nil handler")
	}
	return newGuard(admit, nil, next, opts)
}

// guard is the handler that [New] and [Wrap] return.
type guard struct {
	options
	core     *serving.Core
	handlers Handlers                // nil for Wrap
	next     http.Handler            // nil for New
	routes   atomic.Pointer[routing] // of the last policy
}

func newGuard(admit *interceptor.Server, handlers Handlers, next http.Handler, opts []Option) (*guard, error) {
	if admit == nil {
		return nil, errors.New("httpguard: no server; make one with interceptor.NewServer")
	}
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	g := &guard{options: o, core: admit.Core(serving.Internal{}), handlers: handlers, next: next}
	surface := admission.Surface{Check: g.check}
	surface.Options, surface.OptionsError = g.core.LinkedOptions(g.core.Admission.Guard().GRPC())
	if err := g.core.Admission.CheckCoverage(g, surface); err != nil {
		return nil, fmt.Errorf("httpguard: %w", err)
	}
	return g, nil
}

// ServeHTTP implements [http.Handler].
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.preflight(w, r) {
		return
	}
	g.allowOrigin(w, r)
	routes := g.routing()
	if routes.serveMetadata(w, r) {
		return
	}
	found, evidence := g.judge(w, r, routes)
	if evidence == nil {
		return
	}
	r.Pattern = found.pattern // for what counts requests around this handler, as ServeMux does it
	overhttp.Admitted{
		Core: g.core, Evidence: evidence, Upgrade: g.upgrades(found), Vary: !found.public,
		Refuse: func(w http.ResponseWriter, r *http.Request, d admission.Decision) {
			overhttp.Refuse(w, r, d, routes.metadataOf(found))
		},
	}.Serve(w, r, found.handler)
}

// judge decides about a request. It answers one that it refuses, and returns no evidence
// for it.
func (g *guard) judge(w http.ResponseWriter, r *http.Request, routes *routing) (*operation, *admission.Evidence) {
	found, err := g.find(r, routes)
	name := found.name
	if name == "" {
		name = r.Method + " " + r.URL.EscapedPath()
	}
	request := overhttp.RequestOf(r, name, g.certificate)
	request.Guard = routes.policy
	if err != nil {
		request.Unmatched = err.Error()
	}
	d := g.core.Admission.Decide(r.Context(), request)
	if d.Outcome != admission.Admitted {
		tell(w, r, d, routes.metadataOf(found))
	}
	return found, d.Evidence
}

// tell tells the peer of a request that its rule refuses it, or would.
func tell(w http.ResponseWriter, r *http.Request, d admission.Decision, metadata string) {
	switch {
	case d.Outcome == admission.Refused:
		overhttp.Refuse(w, r, d, metadata)
	case d.Mode == access.Warn:
		w.Header().Set(overhttp.WouldRefuseHeader, d.Answer().Word())
	}
}

// find returns the operation of a request. The error says why the request calls none; the
// operation is then an unknown one, unless the request asks it for an upgrade.
func (g *guard) find(r *http.Request, routes *routing) (*operation, error) {
	found, err := routes.match(r)
	if err != nil {
		return found, err
	}
	if wish := overhttp.UpgradeOf(r); wish != "" && !g.upgrades(found) {
		return found, fmt.Errorf("an upgrade to %.40q, which this operation does not allow", wish)
	}
	return found, nil
}
