package connectguard

import (
	"context"
	"errors"

	"connectrpc.com/connect"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/serving"
)

// HideDownstreamRefusals returns an option for handlers that call other services with an
// [interceptor.Client], over gRPC or Connect. An error which says that another service
// refused such a call, or that it could not be sent, tells the handler's own peer a code
// and nothing else, as a gRPC server of admit does: the peer would otherwise take it for a
// refusal of its own call.
func HideDownstreamRefusals(admit *interceptor.Server) connect.HandlerOption {
	return connect.WithInterceptors(hider{admit.Core(serving.Internal{})})
}

// hider changes the errors of handlers.
type hider struct{ core *serving.Core }

func (h hider) hide(err error) error {
	if err == nil {
		return nil
	}
	if code, downstream := h.core.DownstreamCode(err); downstream {
		return connect.NewError(connect.Code(code), errors.New("a call to another service was not admitted"))
	}
	return err
}

// WrapUnary implements [connect.Interceptor].
func (h hider) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		answer, err := next(ctx, r)
		if r.Spec().IsClient {
			return answer, err
		}
		return answer, h.hide(err)
	}
}

// WrapStreamingClient implements [connect.Interceptor].
func (h hider) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler implements [connect.Interceptor].
func (h hider) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error { return h.hide(next(ctx, conn)) }
}
