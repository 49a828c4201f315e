package interceptor_test

import (
	"crypto/tls"
	"net"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// BenchmarkGuardedUnary is the median of a unary call over TLS and TCP within the
// machine, with a token that the server knows: where the server looks at no header,
// and where it is guarded. Calls of both are made in turn.
func BenchmarkGuardedUnary(b *testing.B) {
	issuer := newIssuer()
	server := guarded(b, issuer, access.Enforce)
	token := metadata.AppendToOutgoingContext(b.Context(), "authorization", "Bearer "+issuer.Mint(good(nil)))
	kinds := []sampled{
		{name: "ignored", call: calling(token, overTCP(b))},
		{name: "guarded", call: calling(token, overTCP(b, server.Options()...))},
	}
	sample(b, b.Loop, kinds)
	tell(b, 50, "p50", kinds)
}

// overTCP serves the orders of anybody over TLS on a loopback address, and returns
// a connection to it.
func overTCP(b *testing.B, opts ...grpc.ServerOption) *grpc.ClientConn {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ca := testutil.NewCA()
	config := &tls.Config{Certificates: []tls.Certificate{ca.Certificate(testutil.ServerName)}}
	srv := grpc.NewServer(append(opts, grpc.Creds(credentials.NewTLS(config)))...)
	registerAnybody(srv)
	go func() { _ = srv.Serve(listener) }()
	b.Cleanup(srv.Stop)
	conn, err := grpc.NewClient("passthrough:///"+listener.Addr().String(),
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: ca.Pool(), ServerName: testutil.ServerName})))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn
}

// BenchmarkDecisionRecords is the median of such a call where each decision is recorded in
// a file, beside one without records. Calls of both are made in turn.
func BenchmarkDecisionRecords(b *testing.B) {
	issuer := newIssuer()
	file, err := decision.OpenFile(filepath.Join(b.TempDir(), "decisions.jsonl"), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	users, err := decision.HashedUsers([]byte("0123456789abcdef"))
	if err != nil {
		b.Fatal(err)
	}
	token := metadata.AppendToOutgoingContext(b.Context(), "authorization", "Bearer "+issuer.Mint(good(nil)))
	kinds := []sampled{
		{name: "guarded", call: calling(token, overTCP(b, guarded(b, issuer, access.Enforce).Options()...))},
		{name: "recorded", call: calling(token, overTCP(b, guarded(b, issuer, access.Enforce, interceptor.DecisionRecords(file, users)).Options()...))},
	}
	sample(b, b.Loop, kinds)
	tell(b, 50, "p50", kinds)
}
