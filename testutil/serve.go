package testutil

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/test/bufconn"
)

// ServerName is the host name in the target, and in the certificate, of [Serve].
const ServerName = "service.test"

// Serve starts a gRPC server in memory, with opts and the services that register adds,
// and returns a connection to it, made with dial. They use TLS with a certificate
// authority of this process; [grpc.Creds] in opts and [grpc.WithTransportCredentials] in
// dial replace that, on both sides or on neither. The test's cleanup closes the
// connection, stops the server and waits for its handlers.
//
// Serve also runs inside a [testing/synctest] bubble.
func Serve(t testing.TB, opts []grpc.ServerOption, register func(*grpc.Server), dial ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	identity := servedIdentity()
	server := grpc.NewServer(append([]grpc.ServerOption{
		grpc.WaitForHandlers(true),
		grpc.Creds(credentials.NewServerTLSFromCert(&identity.cert)),
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
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
			RootCAs: identity.pool, CurvePreferences: []tls.CurveID{tls.X25519}, // cheaper than one that is safe for decades
		})),
	}, dial...)...)
	if err != nil {
		t.Fatalf("testutil: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// identity is the certificate of a server, with the pool that holds its authority alone.
type identity struct {
	cert tls.Certificate
	pool *x509.CertPool
}

// servedIdentity returns the identity of all servers of [Serve]. It is made once in a process,
// because keys and signatures take longer than most tests. It is valid at the time of the
// machine and of a bubble.
var servedIdentity = sync.OnceValue(func() identity {
	of := func(name string) *x509.Certificate {
		template := certificate(name)
		template.NotBefore, template.NotAfter = time.Unix(0, 0), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
		return template
	}
	ca := newCA(of("testutil CA"))
	return identity{cert: ca.certificate(of("testutil"), []string{ServerName}), pool: ca.Pool()}
})
