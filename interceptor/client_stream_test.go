package interceptor_test

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
)

// TestStreamOfManyMessagesIsReopenedUntilItSends shows that a stream of many
// messages is opened again until it has sent one, and that later calls go to the new
// stream.
func TestStreamOfManyMessagesIsReopenedUntilItSends(t *testing.T) {
	open := func(script ...audience.Reason) (*gate, reviewer) {
		g := &gate{script: script}
		conn := g.serve(t, append(interceptor.Retry(), grpc.WithPerRPCCredentials(interceptor.AsService(&numbered{}, "human-resource")))...)
		stream, err := hrv1.NewHumanResourceClient(conn).ReviewEmployees(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return g, stream
	}
	g, stream := open(audience.ReasonTokenExpired, "")
	if err := stream.CloseSend(); err != nil {
		t.Error(err)
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) || len(g.tokens) != 2 {
		t.Errorf("closed at once: %v after %q", err, g.tokens)
	}

	g, stream = open(audience.ReasonTokenExpired, "")
	_ = stream.Send(&hrv1.ReviewEmployeesRequest{}) // may fail already
	if _, err := stream.Recv(); verdictOf(err).Reason != audience.ReasonTokenExpired || len(g.tokens) != 1 {
		t.Errorf("after a message was sent: %v after %q", err, g.tokens)
	}
}

// TestFirstMessageGoesToTheReopenedStream shows that a first message which is sent
// after the stream was opened again goes to the new stream.
func TestFirstMessageGoesToTheReopenedStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{script: []audience.Reason{audience.ReasonTokenExpired, ""}}
		conn := g.serve(t, append(interceptor.Retry(), grpc.WithPerRPCCredentials(interceptor.AsService(&numbered{}, "human-resource")))...)
		stream, err := hrv1.NewHumanResourceClient(conn).ReviewEmployees(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		received := make(chan error, 1)
		go func() {
			_, err := stream.Recv()
			received <- err
		}()
		synctest.Wait()
		if err := stream.Send(&hrv1.ReviewEmployeesRequest{}); err != nil {
			t.Error(err)
		}
		if err := <-received; err != nil || len(g.tokens) != 2 {
			t.Errorf("the message that came back: %v after %q", err, g.tokens)
		}
	})
}
