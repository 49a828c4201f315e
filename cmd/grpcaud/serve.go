package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/interceptor"
)

// serving is what the command serve is asked.
type serving struct {
	service, addr string
	cert, key     string
	plaintext     bool
	descriptors   string
	issuerCA      string
}

const serveHelp = `Serve is a gRPC server that is guarded as the service of the matrix is, for trying a
provider's tokens. It answers every method that the matrix lets somebody call: those
of the service, which it need not know, each message with an empty one; those of
grpcaud.echo.v1.Echo, which has a method of each kind, by saying what it was told,
and whom it takes the caller for; health; and reflection (v1 and v1alpha). Whatever
the matrix has no rule for is refused.

With descriptors it knows of what kind the methods are, and describes them to
whoever may ask by reflection.

When it listens it writes one line of JSON, {"addr":"…","service":"…"}, to standard
output; then one for each decision to standard error. It follows the file: a change
is in force within seconds, and a file that is broken changes nothing; standard
input (-) is read once. It ends when it is interrupted, and waits five seconds for
calls that are under way.

--plaintext is for loopback addresses alone.`

const serveExamples = `  grpcaud serve access.yaml --service order-status --addr 127.0.0.1:0 --plaintext
  grpcaud serve access.yaml --service order-status --addr :8443 --tls-cert tls.crt --tls-key tls.key`

func serveCommand() *cobra.Command {
	var s serving
	cmd := &cobra.Command{
		Use:   "serve access.yaml --service S --addr A",
		Short: "Run a guarded server to try tokens at",
		Long:  serveHelp, Example: serveExamples,
		Args:              arguments(1, 1),
		ValidArgsFunction: matrixFiles(1),
		RunE:              func(cmd *cobra.Command, args []string) error { return s.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&s.service, "service", "", "the service of the matrix to be (required)")
	flags.StringVar(&s.addr, "addr", "127.0.0.1:0", "the address to listen at; port 0 is any that is free")
	flags.StringVar(&s.cert, "tls-cert", "", "the file with the server's certificate, in PEM")
	flags.StringVar(&s.key, "tls-key", "", "the file with its key, in PEM")
	flags.BoolVar(&s.plaintext, "plaintext", false, "serve without TLS, on a loopback address")
	flags.StringVar(&s.descriptors, "descriptors", "", descriptorsUsage)
	issuerCAFlag(cmd, &s.issuerCA)
	cmd.MarkFlagsRequiredTogether("tls-cert", "tls-key")
	cmd.MarkFlagsMutuallyExclusive("tls-cert", "plaintext")
	_ = cmd.MarkFlagRequired("service")
	suggest(cmd, "service", ofFile(guardedNames))
	return cmd
}

// run serves until it is interrupted.
func (s serving) run(cmd *cobra.Command, path string) error {
	policy, set, err := load(cmd, path, s.descriptors)
	if err != nil {
		return err
	}
	if err := known("service", s.service, maps.Keys(policy.Matrix().Services)); err != nil {
		return err
	}
	creds, err := s.credentials()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), nil))
	opts, err := s.options(log)
	if err != nil {
		return err
	}
	admit, err := interceptor.NewServer(policy, interceptor.Services(s.service), opts...)
	if err != nil {
		return err
	}
	defer admit.Close()
	server, err := newEchoServer(admit, set, grpc.Creds(creds))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	admit.ReportHealth(ctx, server.health)
	watch.Go(func() {
		if path == dash {
			return // which says all that it ever will
		}
		_ = policyfile.Watch(ctx, path, admit.Swap, policyfile.WatchLogger(log), policyfile.WatchMethodOptions(set.options...)) // its errors are of the arguments
	})
	return s.listen(cmd, server.Server)
}

// listen has srv serve until it is interrupted.
func (s serving) listen(cmd *cobra.Command, srv *grpc.Server) error {
	defer srv.Stop()
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	if at, ok := listener.Addr().(*net.TCPAddr); s.plaintext && (!ok || !at.IP.IsLoopback()) {
		return fmt.Errorf("--plaintext at %s, where others can read tokens: listen at a loopback address, such as 127.0.0.1:0, or use --tls-cert and --tls-key", s.addr)
	}
	hello, err := json.Marshal(struct {
		Addr    string `json:"addr"`
		Service string `json:"service"`
	}{listener.Addr().String(), s.service})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n", hello); err != nil {
		return err
	}
	defer context.AfterFunc(cmd.Context(), func() { stop(srv) })()
	if err := srv.Serve(listener); !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

// grace is how long calls may go on that are under way at the end.
const grace = 5 * time.Second

// stop ends srv, and after a while the calls that do not end by themselves.
func stop(srv *grpc.Server) {
	defer time.AfterFunc(grace, srv.Stop).Stop()
	srv.GracefulStop()
}

// credentials returns those of the server. It asks clients for a certificate, and
// takes any: a token may be bound to it.
func (s serving) credentials() (credentials.TransportCredentials, error) {
	switch {
	case s.plaintext:
		return insecure.NewCredentials(), nil
	case s.cert == "":
		return nil, errors.New("tokens are not served in the clear: give --tls-cert and --tls-key, or --plaintext on a loopback address")
	}
	cert, err := keyPair(s.cert, s.key)
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12,
	}), nil
}

// keyPair reads a certificate and its key.
func keyPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := read(certFile, maxCertificates)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := read(keyFile, maxCertificates)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("%s and %s: %w", certFile, keyFile, err)
	}
	return pair, nil
}

// options are those of the guard: it tells of every decision.
func (s serving) options(log *slog.Logger) ([]interceptor.ServerOption, error) {
	opts := []interceptor.ServerOption{interceptor.Logger(log), interceptor.SampleAdmitted(1), interceptor.SampleRefused(0)}
	if s.plaintext {
		opts = append(opts, interceptor.AllowPlaintext(interceptor.Loopback))
	}
	wire, err := issuerWire(s.issuerCA)
	if wire != nil {
		opts = append(opts, interceptor.Transport(wire))
	}
	return opts, err
}
