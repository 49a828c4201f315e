package main_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/emptypb"

	grpcaud "github.com/grpcaud/grpcaud/cmd/grpcaud"
)

// TestStop shows that running calls have five seconds when a server ends, and that longer calls
// do not keep it from ending.
func TestStop(t *testing.T) {
	for call, want := range map[time.Duration]time.Duration{time.Second: time.Second, time.Hour: 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			listener := bufconn.Listen(1 << 16)
			server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
				select {
				case <-time.After(call):
				case <-stream.Context().Done():
				}
				return nil
			}))
			var all sync.WaitGroup
			all.Go(func() { _ = server.Serve(listener) })
			conn, err := grpc.NewClient("passthrough:///server", grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
			if err != nil {
				t.Fatal(err)
			}
			all.Go(func() { _ = conn.Invoke(t.Context(), "/a.B/C", &emptypb.Empty{}, &emptypb.Empty{}) })
			synctest.Wait()
			began := time.Now()
			grpcaud.Stop(server)
			if got := time.Since(began); got != want {
				t.Errorf("a call of %v: the server ends after %v, want %v", call, got, want)
			}
			conn.Close()
			all.Wait()
		})
	}
}
