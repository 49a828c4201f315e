package testutil

import (
	"context"
	"crypto/tls"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/test/bufconn"
)

// ServerName is the host name in the target, and in the certificate, of [Serve].
const ServerName = "service.test"

// Serve starts a gRPC server in memory, with opts and the services that register adds,
// and returns a connection to it, made with dial. They use TLS with a certificate
// authority of this call; [grpc.Creds] in opts and [grpc.WithTransportCredentials] in
// dial replace that, on both sides or on neither. The test's cleanup closes the
// connection, stops the server and waits for its handlers.
//
// Serve also runs inside a [testing/synctest] bubble; certificates are then valid at the
// bubble's time.
func Serve(t testing.TB, opts []grpc.ServerOption, register func(*grpc.Server), dial ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	ca := NewCA()
	cert := ca.Certificate(ServerName)
	server := grpc.NewServer(append([]grpc.ServerOption{
		grpc.WaitForHandlers(true),
		grpc.Creds(credentials.NewServerTLSFromCert(&cert)),
	}, opts...)...)
	register(server)

	listener := bufconn.Listen(1 << 16)
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})

	conn, err := grpc.NewClient("passthrough:///"+ServerName, append([]grpc.DialOption{
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: ca.Pool()})),
	}, dial...)...)
	if err != nil {
		t.Fatalf("testutil: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
