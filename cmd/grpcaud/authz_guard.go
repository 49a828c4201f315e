package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/metric"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/revocation/shared"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/extauthz"
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/serving"
)

// authzGuard is the guard of the services, with its replica of the list of revocations.
type authzGuard struct {
	*interceptor.Server
	list *shared.List // nil without a store
}

// newGuard returns the guard of the services, which asks the list of the store, if there
// is one.
func (a authzOptions) newGuard(cmd *cobra.Command, policy *access.Policy, log *slog.Logger, meters metric.MeterProvider) (*authzGuard, error) {
	opts, err := a.guardOptions(log)
	if err != nil {
		return nil, err
	}
	g := &authzGuard{}
	if g.list, err = a.store.Join(cmd, shared.Logger(log), shared.MeterProvider(meters)); err != nil {
		return nil, err
	}
	if host := a.store.Unprotected(); host != "" {
		log.Warn("--store is reached without TLS: whoever can change that traffic decides which tokens are revoked; write valkeys://", "host", host)
	}
	opts = append(opts, interceptor.MeterProvider(meters))
	if g.list != nil {
		opts = append(opts, interceptor.Revocations(g.list))
	}
	if g.Server, err = interceptor.NewServer(policy, interceptor.Services(a.services...), opts...); err != nil {
		return nil, errors.Join(err, g.leave())
	}
	if g.list != nil {
		g.list.AnnounceGeneration(g.Generation)
	}
	return g, nil
}

// Close ends the guard, and then the connection to the store.
func (g *authzGuard) Close() error { return errors.Join(g.Server.Close(), g.leave()) }

func (g *authzGuard) leave() error {
	if g.list == nil {
		return nil
	}
	return g.list.Close()
}

// guardOptions returns what the flags say of the guard.
func (a authzOptions) guardOptions(log *slog.Logger) ([]interceptor.ServerOption, error) {
	opts := []interceptor.ServerOption{interceptor.Logger(log), interceptor.StripMetadata(a.strip...), interceptor.KeepMetadata(a.keep...)}
	if a.logAll {
		opts = append(opts, interceptor.SampleAdmitted(1), interceptor.SampleRefused(0))
	}
	mesh, ofMesh := strings.CutPrefix(a.plaintext, "mesh=")
	switch {
	case a.plaintext == "":
	case a.plaintext == "loopback":
		opts = append(opts, interceptor.AllowPlaintext(interceptor.Loopback))
	case ofMesh && mesh != "":
		opts = append(opts, interceptor.AllowPlaintext(interceptor.Mesh(mesh)))
	default:
		return nil, fmt.Errorf("--allow-plaintext: got %q, want loopback or mesh=NAME", a.plaintext)
	}
	wire, err := files.IssuerTransport(a.issuerCA)
	if wire != nil {
		opts = append(opts, interceptor.Transport(wire))
	}
	return opts, err
}

// service returns what Envoy asks.
func (a authzOptions) service(admit *interceptor.Server) (*extauthz.Service, error) {
	var opts []extauthz.Option
	if a.keepAuthorization {
		opts = append(opts, extauthz.KeepAuthorization())
	}
	if len(a.proxies) > 0 {
		opts = append(opts, extauthz.ForwardedClientCert(a.proxies...))
	}
	return extauthz.New(admit, opts...)
}

// checkCoverage holds the file, and its later versions, to the descriptors, if these have
// all gRPC services that are guarded.
func checkCoverage(admit *interceptor.Server, set descriptor.Set, policy *access.Policy, services []string) error {
	if set.Files == nil {
		return nil
	}
	var surface admission.Surface
	for _, name := range services {
		for _, full := range policy.Matrix().Services[name].GRPC {
			methods, ok := set.Methods[full]
			if !ok {
				return nil
			}
			for _, method := range methods {
				surface.Methods = append(surface.Methods, "/"+full+"/"+method)
			}
		}
	}
	return admit.Core(serving.Internal{}).Admission.CheckCoverage("descriptors", surface)
}
