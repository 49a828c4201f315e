package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/extauthz"
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/serving"
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

Whoever can reach it can find out whether a token would be admitted: let only Envoy reach
it, by a loopback address, a unix socket, or TLS with --client-ca. It answers without TLS
only on this machine, or to a mesh that --mesh names.

A token must come to Envoy over TLS. --allow-plaintext says by name where it need not.`

const authzExamples = `  grpcaud authz access.yaml --listen 127.0.0.1:9191
  grpcaud authz access.yaml --listen unix:/run/grpcaud/authz.sock --service order-status
  grpcaud authz access.yaml --listen :9191 --tls-cert tls.crt --tls-key tls.key --client-ca envoy-ca.pem
  grpcaud authz access.yaml --listen :9191 --mesh istio`

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
	log := decisionLog(cmd.ErrOrStderr())
	admit, err := a.guard(policy, log)
	if err != nil {
		return err
	}
	defer admit.Close()
	if err := checkCoverage(admit, set, policy, a.services); err != nil {
		return err
	}
	service, err := a.service(admit)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	watch.Go(func() { follow(ctx, path, set, admit, log) })
	state := health.NewServer()
	admit.ReportHealth(ctx, state, "", authv3.Authorization_ServiceDesc.ServiceName)
	defer context.AfterFunc(ctx, state.Shutdown)()
	srv := grpc.NewServer(grpc.Creds(creds))
	service.Register(srv)
	healthpb.RegisterHealthServer(srv, state)
	return a.serve(cmd, srv)
}

// serve listens, and serves until it is interrupted.
func (a authzOptions) serve(cmd *cobra.Command, srv *grpc.Server) error {
	defer srv.Stop()
	listener, err := listen(a.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	defer listener.Close()
	if a.cert == "" && a.mesh == "" && !onLoopback(listener) {
		return fmt.Errorf("--listen %s without TLS, where others can read tokens: listen on a loopback address or unix:PATH, use --tls-cert and --tls-key, or name the mesh that encrypts the way with --mesh", a.listen)
	}
	return serveOn(cmd, srv, listener, struct {
		Addr     string   `json:"addr"`
		Services []string `json:"services"`
	}{listener.Addr().String(), a.services})
}

// listen listens on HOST:PORT or unix:PATH. A socket that an earlier process has left is
// replaced; one that answers, or a file that is no socket, is not.
func listen(at string) (net.Listener, error) {
	path, ok := strings.CutPrefix(at, "unix:")
	if !ok {
		return net.Listen("tcp", at)
	}
	if found, err := os.Lstat(path); err == nil && found.Mode().Type() != os.ModeSocket {
		return nil, fmt.Errorf("%s is there, and is no socket: name another path", path)
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		conn.Close()
		return nil, fmt.Errorf("%s: another process listens there", path)
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	return net.Listen("unix", path)
}

// credentials returns the credentials of the server.
func (a authzOptions) credentials() (credentials.TransportCredentials, error) {
	if a.cert == "" {
		if a.clientCA != "" {
			return nil, errors.New("--client-ca needs TLS: give --tls-cert and --tls-key")
		}
		return insecure.NewCredentials(), nil
	}
	cert, err := files.KeyPair(a.cert, a.key)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if a.clientCA != "" {
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		if err := files.AddCertificates(config.ClientCAs, a.clientCA); err != nil {
			return nil, err
		}
	}
	return credentials.NewTLS(config), nil
}

// guard returns the guard of the services.
func (a authzOptions) guard(policy *access.Policy, log *slog.Logger) (*interceptor.Server, error) {
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
	if err != nil {
		return nil, err
	}
	if wire != nil {
		opts = append(opts, interceptor.Transport(wire))
	}
	return interceptor.NewServer(policy, interceptor.Services(a.services...), opts...)
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
