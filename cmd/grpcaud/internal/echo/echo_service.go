package echo

import (
	"context"
	"errors"
	"io"
	"slices"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	echov1 "github.com/grpcaud/grpcaud/proto/grpcaud/echo/v1"
)

// echoService implements grpcaud.echo.v1.Echo. It is safe for concurrent use.
type echoService struct{ echov1.UnimplementedEchoServer }

// maxRepeats is the largest number of replies to Repeat, and of texts that Collect
// returns.
const maxRepeats = 100

// Say implements [echov1.EchoServer].
func (echoService) Say(ctx context.Context, r *echov1.SayRequest) (*echov1.SayResponse, error) {
	return &echov1.SayResponse{Text: r.GetText(), Caller: callerOf(ctx)}, nil
}

// Repeat implements [echov1.EchoServer].
func (echoService) Repeat(r *echov1.RepeatRequest, stream grpc.ServerStreamingServer[echov1.RepeatResponse]) error {
	for range min(max(1, r.GetTimes()), maxRepeats) {
		if err := stream.Send(&echov1.RepeatResponse{Text: r.GetText(), Caller: callerOf(stream.Context())}); err != nil {
			return err
		}
	}
	return nil
}

// Collect implements [echov1.EchoServer].
func (echoService) Collect(stream grpc.ClientStreamingServer[echov1.CollectRequest, echov1.CollectResponse]) error {
	var texts []string
	for {
		r, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return stream.SendAndClose(&echov1.CollectResponse{Texts: texts, Caller: callerOf(stream.Context())})
		case err != nil:
			return err
		}
		texts = append(slices.Clone(texts[max(0, len(texts)+1-maxRepeats):]), r.GetText())
	}
}

// Chat implements [echov1.EchoServer].
func (echoService) Chat(stream grpc.BidiStreamingServer[echov1.ChatRequest, echov1.ChatResponse]) error {
	for {
		r, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := stream.Send(&echov1.ChatResponse{Text: r.GetText(), Caller: callerOf(stream.Context())}); err != nil {
			return err
		}
	}
}

// callerOf returns the caller; nil if the method is public.
func callerOf(ctx context.Context) *echov1.Caller {
	c, ok := audience.FromContext(ctx)
	if !ok {
		return nil
	}
	return &echov1.Caller{Issuer: c.Issuer, Client: c.Client, User: c.User, Chain: c.Chain, Scopes: c.Scopes}
}
