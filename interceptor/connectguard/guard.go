package connectguard

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/httproute"
	"github.com/grpcaud/grpcaud/internal/overhttp"
	"github.com/grpcaud/grpcaud/internal/serving"
)

// New returns a handler that gives each call to next, which has the handlers of Connect,
// if admit admits it. The options, the log, the metrics and the policy are those of admit,
// which may guard a gRPC server as well; a Swap of its policy counts for both. What is no
// method of the policy cannot be reached, whatever next has beside the methods.
//
// It is an error if a method of the services of admit has no rule, if a rule has no method,
// or if the policy lacks the options of their .proto files; methods are looked up in
// [protoregistry.GlobalFiles], and a service that is not there is an error. New does no
// network I/O. The result is safe for concurrent use; do not use it after admit is closed.
func New(admit *interceptor.Server, next http.Handler) (http.Handler, error) {
	switch {
	case admit == nil:
		return nil, errors.New("connectguard: no server; make one with interceptor.NewServer")
	case next == nil:
		return nil, errors.New("connectguard: a nil handler")
	}
	g := &guard{core: admit.Core(serving.Internal{}), next: next, errors: connect.NewErrorWriter()}
	services := g.core.Admission.Guard().GRPC()
	if len(services) == 0 {
		return nil, errors.New("connectguard: the services of this server have no gRPC methods")
	}
	surface := admission.Surface{}
	var err error
	if surface.Methods, err = linkedMethods(services); err != nil {
		return nil, fmt.Errorf("connectguard: %w", err)
	}
	surface.Options, surface.OptionsError = g.core.LinkedOptions(services)
	if err := g.core.Admission.CheckCoverage(g, surface); err != nil {
		return nil, fmt.Errorf("connectguard: %w", err)
	}
	return g, nil
}

// linkedMethods returns the full names of the methods of gRPC services.
func linkedMethods(services []string) ([]string, error) {
	var all []string
	for _, name := range services {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		service, ok := found.(protoreflect.ServiceDescriptor)
		if err != nil || !ok {
			return nil, fmt.Errorf("the generated code of %s is not linked into this program", name)
		}
		methods := service.Methods()
		for i := range methods.Len() {
			all = append(all, "/"+name+"/"+string(methods.Get(i).Name()))
		}
	}
	return all, nil
}

// guard is the handler that [New] returns.
type guard struct {
	core   *serving.Core
	next   http.Handler
	errors *connect.ErrorWriter
}

// ServeHTTP implements [http.Handler].
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	policy := g.core.Admission.Guard()
	request := overhttp.RequestOf(r, r.URL.Path, overhttp.TLSCertificate)
	request.Guard = policy
	if err := checkCall(policy, r); err != nil {
		request.Unmatched = err.Error()
	}
	d := g.core.Admission.Decide(r.Context(), request)
	switch {
	case d.Outcome == admission.Refused:
		g.refuse(w, r, d, g.core.RefusalError)
		return
	case d.Outcome == admission.WouldRefuse && d.Mode == access.Warn:
		w.Header().Set(overhttp.WouldRefuseHeader, d.Answer().Word())
	}
	frames := &frameWriter{}
	overhttp.Admitted{
		Core: g.core, Evidence: d.Evidence, Vary: true,
		Refuse: func(w http.ResponseWriter, r *http.Request, d admission.Decision) { g.refuse(w, r, d, g.core.EndError) },
		Finish: func(w http.ResponseWriter, d admission.Decision) bool { return g.finish(w, r, frames, d) },
	}.Serve(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		frames.ResponseWriter = w
		g.next.ServeHTTP(frames, r)
	}))
}

// checkCall returns why a request calls no method of a policy; nil if it does.
func checkCall(policy *access.Guard, r *http.Request) error {
	sent, _, _ := strings.Cut(r.RequestURI, "?")
	switch wish, path := overhttp.UpgradeOf(r), r.URL.EscapedPath(); {
	case sent != "" && httproute.CheckPath(sent) != nil, path != r.URL.Path:
		return fmt.Errorf("the path %.100q is not written as a method is", sent)
	case wish != "":
		return fmt.Errorf("an upgrade to %.40q, which no method allows", wish)
	case policy.Rule(path) == nil:
		return fmt.Errorf("the path %.100q is no method", path)
	}
	return overhttp.CheckTarget(r)
}
