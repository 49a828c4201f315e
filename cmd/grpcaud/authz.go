package main

import (
	"context"
	"fmt"
	"sync"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/store"
	"github.com/grpcaud/grpcaud/interceptor"
)

// authzOptions are the flags of the command authz.
type authzOptions struct {
	listen, mesh        string
	cert, key, clientCA string
	services            []string
	plaintext           string
	descriptors         string
	issuerCA            string
	keepAuthorization   bool
	keep, strip         []string
	proxies             []string
	logAll              bool
	store               store.Flags
	metrics             string
}

const authzHelp = `Authz decides for Envoy: it is the gRPC service envoy.service.auth.v3.Authorization,
which Envoy asks about each request before the request goes on to a service in any
language. It decides as a guarded server does, by the same file. "grpcaud export --authz"
writes the configuration of Envoy and of Istio.

Envoy says for which service of the file it asks: by the context extension "service",
or by a host that the file lists under authorities. A request that names none, or two,
is refused.

When it is ready it writes one line of JSON, {"addr":"…","services":["…"]}, to
standard output, and then its decisions to standard error. It follows the file: a change
takes effect within seconds, and a broken file changes nothing. It keeps no state, so that
any number of replicas can run. gRPC health (grpc.health.v1) says whether it has the keys
of the issuers. It ends when it is interrupted, and waits at most five seconds for
running checks.

With --store it refuses the tokens that "grpcaud revoke", or a server with the same list,
has revoked. While it does not know what was revoked, it refuses every request that needs
a token, and says by its health that it does not serve: until it has read the list, and
after it has heard nothing from the store for --stale-after. "grpcaud status" shows it.
` + store.Help + `

With --metrics it answers Prometheus over HTTP, at /metrics. The metrics name services,
methods, clients and issuers of the file; there is nothing of a token in them.

Whoever can reach it can find out whether a token would be admitted: let only Envoy reach
it, by a loopback address, a unix socket, or TLS with --client-ca. It answers without TLS
only on this machine, or to a mesh that --mesh names.

A token must come to Envoy over TLS. --allow-plaintext says by name where it need not.`

const authzExamples = `  grpcaud authz access.yaml --listen 127.0.0.1:9191
  grpcaud authz access.yaml --listen unix:/run/grpcaud/authz.sock --service order-status
  grpcaud authz access.yaml --listen :9191 --tls-cert tls.crt --tls-key tls.key --client-ca envoy-ca.pem
  grpcaud authz access.yaml --listen :9191 --mesh istio --metrics :9192
  grpcaud authz access.yaml --listen 127.0.0.1:9191 --store valkeys://valkey.internal:6379`

func authzCommand() *cobra.Command {
	var a authzOptions
	cmd := &cobra.Command{
		Use:   "authz access.yaml --listen A",
		Short: "Decide for Envoy (external authorization)",
		Long:  authzHelp, Example: authzExamples,
		Args:              cli.Arguments(1, 1),
		ValidArgsFunction: cli.MatrixFiles(1),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&a.listen, "listen", "", "the address to listen on, HOST:PORT or unix:PATH (required)")
	flags.StringSliceVar(&a.services, "service", nil, "the services of the file to decide for (default: all)")
	flags.StringVar(&a.cert, "tls-cert", "", "the file with the server's certificate, in PEM")
	flags.StringVar(&a.key, "tls-key", "", "the file with the key of the certificate, in PEM")
	flags.StringVar(&a.clientCA, "client-ca", "", "the file with the authorities of Envoy's certificate, in PEM: others are not answered")
	flags.StringVar(&a.mesh, "mesh", "", "the name of the mesh that encrypts the way from Envoy to here, such as istio")
	flags.StringVar(&a.plaintext, "allow-plaintext", "", "accept tokens that came to Envoy without TLS: from its own machine (loopback), or from everywhere because a mesh encrypts the way (mesh=NAME)")
	flags.BoolVar(&a.keepAuthorization, "keep-authorization", false, "leave the token in requests of admitted callers, for a service that reads it too")
	flags.StringSliceVar(&a.keep, "keep-header", nil, "headers that are not removed although they look like credentials or an identity, such as cookie")
	flags.StringSliceVar(&a.strip, "strip-header", nil, "further headers to remove; x-corp-* means all that begin so")
	flags.StringSliceVar(&a.proxies, "forwarded-client-cert", nil, "the proxies whose x-forwarded-client-cert is believed, by the first URI or DNS name in their certificates")
	flags.BoolVar(&a.logAll, "log-all", false, "give each decision a line in the log, also those that are admitted or repeated")
	flags.StringVar(&a.descriptors, "descriptors", "", descriptor.Usage)
	flags.StringVar(&a.metrics, "metrics", "", "the address, HOST:PORT, where Prometheus reads the metrics over HTTP, without TLS (default: nowhere)")
	a.store.AddOptional(cmd)
	cli.IssuerCAFlag(cmd, &a.issuerCA)
	cmd.MarkFlagsRequiredTogether("tls-cert", "tls-key")
	cmd.MarkFlagsMutuallyExclusive("tls-cert", "mesh")
	_ = cmd.MarkFlagRequired("listen")
	cli.Complete(cmd, "service", cli.FromMatrix(files.GuardedServiceNames))
	return cmd
}

// run decides until it is interrupted.
func (a authzOptions) run(cmd *cobra.Command, path string) error {
	policy, set, err := files.Load(cmd, path, a.descriptors)
	if err != nil {
		return err
	}
	if a.services, err = serviceNames(policy, a.services); err != nil {
		return err
	}
	creds, err := a.credentials()
	if err != nil {
		return err
	}
	meters, err := newMeters(cmd, a.metrics)
	if err != nil {
		return err
	}
	log := decisionLog(cmd.ErrOrStderr())
	admit, err := a.newGuard(cmd, policy, log, meters)
	if err != nil {
		return err
	}
	defer admit.Close()
	if err := checkCoverage(admit.Server, set, policy, a.services); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	srv, err := a.server(ctx, admit.Server, grpc.Creds(creds))
	if err != nil {
		return err
	}
	watch.Go(func() { follow(ctx, path, set, admit.Server, log) })
	return a.serve(cmd, srv, meters)
}

// server returns the server that Envoy asks, which tells its health until ctx ends.
func (a authzOptions) server(ctx context.Context, admit *interceptor.Server, opts ...grpc.ServerOption) (*grpc.Server, error) {
	service, err := a.service(admit)
	if err != nil {
		return nil, err
	}
	state := health.NewServer()
	admit.ReportHealth(ctx, state, "", authv3.Authorization_ServiceDesc.ServiceName)
	context.AfterFunc(ctx, state.Shutdown)
	srv := grpc.NewServer(opts...)
	service.Register(srv)
	healthpb.RegisterHealthServer(srv, state)
	return srv, nil
}

// serve listens, and serves until it is interrupted.
func (a authzOptions) serve(cmd *cobra.Command, srv *grpc.Server, meters *meters) error {
	defer srv.Stop()
	listener, err := listen(a.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	defer listener.Close()
	if a.cert == "" && a.mesh == "" && !onLoopback(listener) {
		return fmt.Errorf("--listen %s without TLS, where others can read tokens: listen on a loopback address or unix:PATH, use --tls-cert and --tls-key, or name the mesh that encrypts the way with --mesh", a.listen)
	}
	metrics, stop, err := meters.serve()
	if err != nil {
		return err
	}
	defer stop()
	return serveOn(cmd, srv, listener, struct {
		Addr     string   `json:"addr"`
		Services []string `json:"services"`
		Metrics  string   `json:"metrics,omitempty"`
	}{listener.Addr().String(), a.services, metrics})
}
