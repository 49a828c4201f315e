package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"sync"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/echo"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/interceptor"
)

// serveOptions are the flags of the command serve.
type serveOptions struct {
	service, addr string
	cert, key     string
	plaintext     bool
	descriptors   string
	issuerCA      string
}

const serveHelp = `Serve is a gRPC server with the guard that the service of the matrix has, for trying
tokens of a provider. It answers each method that the matrix lets somebody call: those
of the service with an empty message for each message; health; reflection (v1 and
v1alpha); and grpcaud.echo.v1.Echo, if the service lists that under grpc. Echo has a
method of each kind, and returns what it received and who the caller is. Methods
without a rule in the matrix are refused.

With descriptors it knows the kinds of the methods, and describes them by reflection.
Then a method without a rule, or a rule without a method, is an error at the start and
in a later version of the file, as it is for a server of the service.

When it is ready it writes one line of JSON, {"addr":"…","service":"…"}, to standard
output, and then one line for each decision to standard error. It follows the file: a
change takes effect within seconds, and a broken file changes nothing; standard input
(-) is read once. It ends when it is interrupted, and waits at most five seconds for
running calls.

--plaintext is for loopback addresses alone.`

const serveExamples = `  grpcaud serve access.yaml --service order-status --addr 127.0.0.1:0 --plaintext
  grpcaud serve access.yaml --service order-status --addr :8443 --tls-cert tls.crt --tls-key tls.key`

func serveCommand() *cobra.Command {
	var s serveOptions
	cmd := &cobra.Command{
		Use:   "serve access.yaml --service S --addr A",
		Short: "Run a guarded server for trying tokens",
		Long:  serveHelp, Example: serveExamples,
		Args:              cli.Arguments(1, 1),
		ValidArgsFunction: cli.MatrixFiles(1),
		RunE:              func(cmd *cobra.Command, args []string) error { return s.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&s.service, "service", "", "the service of the matrix to guard (required)")
	flags.StringVar(&s.addr, "addr", "127.0.0.1:0", "the address to listen on; port 0 is any free port")
	flags.StringVar(&s.cert, "tls-cert", "", "the file with the server's certificate, in PEM")
	flags.StringVar(&s.key, "tls-key", "", "the file with the key of the certificate, in PEM")
	flags.BoolVar(&s.plaintext, "plaintext", false, "serve without TLS, on a loopback address only")
	flags.StringVar(&s.descriptors, "descriptors", "", descriptor.Usage)
	cli.IssuerCAFlag(cmd, &s.issuerCA)
	cmd.MarkFlagsRequiredTogether("tls-cert", "tls-key")
	cmd.MarkFlagsMutuallyExclusive("tls-cert", "plaintext")
	_ = cmd.MarkFlagRequired("service")
	cli.Complete(cmd, "service", cli.FromMatrix(files.GuardedServiceNames))
	return cmd
}

// run serves until it is interrupted.
func (s serveOptions) run(cmd *cobra.Command, path string) error {
	policy, set, err := files.Load(cmd, path, s.descriptors)
	if err != nil {
		return err
	}
	if err := files.CheckService(policy.Matrix(), s.service, maps.Keys(policy.Matrix().Services)); err != nil {
		return err
	}
	creds, err := s.credentials()
	if err != nil {
		return err
	}
	log := decisionLog(cmd.ErrOrStderr())
	admit, err := s.guard(policy, log)
	if err != nil {
		return err
	}
	defer admit.Close()
	server, err := echo.New(admit, set, grpc.Creds(creds))
	if err != nil {
		return err
	}
	if err := server.CheckCoverage(admit, policy.Matrix().Services[s.service].GRPC); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	admit.ReportHealth(ctx, server.Health)
	watch.Go(func() { follow(ctx, path, set, admit, log) })
	return s.listen(cmd, server.Server)
}

// listen serves until it is interrupted.
func (s serveOptions) listen(cmd *cobra.Command, srv *grpc.Server) error {
	defer srv.Stop()
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	if s.plaintext && !onLoopback(listener) {
		return fmt.Errorf("--plaintext at %s, where others can read tokens: listen on a loopback address, such as 127.0.0.1:0, or use --tls-cert and --tls-key", s.addr)
	}
	return serveOn(cmd, srv, listener, struct {
		Addr    string `json:"addr"`
		Service string `json:"service"`
	}{listener.Addr().String(), s.service})
}

// credentials returns the credentials of the server. It requests a certificate of each
// client and accepts any, since a token may be bound to it.
func (s serveOptions) credentials() (credentials.TransportCredentials, error) {
	switch {
	case s.plaintext:
		return insecure.NewCredentials(), nil
	case s.cert == "":
		return nil, errors.New("tokens need TLS: give --tls-cert and --tls-key, or --plaintext on a loopback address")
	}
	cert, err := files.KeyPair(s.cert, s.key)
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12,
	}), nil
}

// guard returns the guard of the service, which logs each decision.
func (s serveOptions) guard(policy *access.Policy, log *slog.Logger) (*interceptor.Server, error) {
	if len(policy.Matrix().Services[s.service].GRPC) == 0 {
		return nil, fmt.Errorf("service %q has no gRPC services to serve: it is called over HTTP alone", s.service)
	}
	opts := []interceptor.ServerOption{interceptor.Logger(log), interceptor.SampleAdmitted(1), interceptor.SampleRefused(0)}
	if s.plaintext {
		opts = append(opts, interceptor.AllowPlaintext(interceptor.Loopback))
	}
	wire, err := files.IssuerTransport(s.issuerCA)
	if err != nil {
		return nil, err
	}
	if wire != nil {
		opts = append(opts, interceptor.Transport(wire))
	}
	return interceptor.NewServer(policy, interceptor.Services(s.service), opts...)
}
