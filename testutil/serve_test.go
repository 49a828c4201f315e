package testutil_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/testutil"
)

// health answers each unary call at once, each stream when it ends.
type health struct {
	healthpb.UnimplementedHealthServer
	seen func(context.Context)
}

func (h health) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	h.seen(ctx)
	return &healthpb.HealthCheckResponse{}, nil
}

func (h health) Watch(_ *healthpb.HealthCheckRequest, stream healthpb.Health_WatchServer) error {
	if err := stream.Send(&healthpb.HealthCheckResponse{}); err != nil {
		return err
	}
	<-stream.Context().Done()
	h.seen(stream.Context())
	return stream.Context().Err()
}

func serve(t *testing.T, seen func(context.Context), opts []grpc.ServerOption, dial ...grpc.DialOption) healthpb.HealthClient {
	t.Helper()
	return healthpb.NewHealthClient(testutil.Serve(t, opts, func(s *grpc.Server) {
		healthpb.RegisterHealthServer(s, health{seen: seen})
	}, dial...))
}

func TestServeConnectsOverTLS(t *testing.T) {
	var info credentials.TLSInfo
	client := serve(t, func(ctx context.Context) {
		p, _ := peer.FromContext(ctx)
		info, _ = p.AuthInfo.(credentials.TLSInfo)
	}, nil)
	if _, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
		t.Fatal(err)
	}
	if info.SecurityLevel != credentials.PrivacyAndIntegrity || info.State.ServerName != testutil.ServerName {
		t.Errorf("security level %v with %q, want TLS with %q", info.SecurityLevel, info.State.ServerName, testutil.ServerName)
	}
}

// TestServeInABubble lets an hour pass on an open stream; the bubble fails if a
// goroutine remains.
func TestServeInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := serve(t, func(context.Context) {}, nil)
		stream, err := client.Watch(t.Context(), &healthpb.HealthCheckRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if _, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
			t.Errorf("after an hour: %v", err)
		}
	})
}

// TestServeWaitsForHandlers has a handler that ends late.
func TestServeWaitsForHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended bool
		t.Cleanup(func() {
			if !ended {
				t.Error("the handler outlives the cleanup")
			}
		})
		client := serve(t, func(context.Context) {
			time.Sleep(time.Second)
			ended = true
		}, nil)
		stream, err := client.Watch(t.Context(), &healthpb.HealthCheckRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestServeWithOtherCredentials replaces the credentials of both sides.
func TestServeWithOtherCredentials(t *testing.T) {
	ca := testutil.NewCA()
	server, client := ca.Certificate(testutil.ServerName), ca.Certificate("backoffice-portal")
	demand := grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool(),
	}))
	for name, tt := range map[string]struct {
		certificates []tls.Certificate
		code         codes.Code
	}{
		"with a certificate": {[]tls.Certificate{client}, codes.OK},
		"without":            {nil, codes.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			var names []string
			conn := serve(t, func(ctx context.Context) {
				p, _ := peer.FromContext(ctx)
				names = p.AuthInfo.(credentials.TLSInfo).State.PeerCertificates[0].DNSNames
			}, []grpc.ServerOption{demand}, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
				RootCAs: ca.Pool(), Certificates: tt.certificates,
			})))
			_, err := conn.Check(t.Context(), &healthpb.HealthCheckRequest{})
			if got := status.Code(err); got != tt.code {
				t.Fatalf("code = %v, want %v", got, tt.code)
			}
			if tt.code == codes.OK && (len(names) != 1 || names[0] != "backoffice-portal") {
				t.Errorf("client certificate for %q, want backoffice-portal", names)
			}
		})
	}
}

func TestCertificateIsForNamesAndAddresses(t *testing.T) {
	ca := testutil.NewCA()
	leaf := ca.Certificate("service.test", "127.0.0.1", "::1").Leaf
	for _, name := range []string{"service.test", "127.0.0.1", "::1"} {
		if _, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: ca.Pool(), CurrentTime: time.Now().Add(-59 * time.Minute)}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, opts := range map[string]x509.VerifyOptions{
		"other name":  {DNSName: "other.test", Roots: ca.Pool()},
		"other CA":    {DNSName: "service.test", Roots: testutil.NewCA().Pool()},
		"next day":    {DNSName: "service.test", Roots: ca.Pool(), CurrentTime: time.Now().Add(24 * time.Hour)},
		"other usage": {Roots: ca.Pool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}},
	} {
		if _, err := leaf.Verify(opts); err == nil {
			t.Errorf("%s: verifies", name)
		}
	}
}
