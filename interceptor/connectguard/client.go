package connectguard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/loopback"
	"github.com/grpcaud/grpcaud/internal/serving"
)

// ClientInterceptor returns an interceptor for the Connect clients of one service of the
// matrix, with which as calls as itself. baseURL is what the Connect client is made with:
//
//	present, err := connectguard.ClientInterceptor(as, "order-status", "https://orders.example.com")
//	web := connectguard.HTTPClient(http.DefaultClient)
//	orders := ordersv1connect.NewOrderStatusClient(web, "https://orders.example.com", connect.WithInterceptors(present))
//
// A token goes to this address only, and only if the matrix lets tokens of the service go
// there. [HTTPClient] sends it: with another HTTP client a call has no token, and its error
// says so. Over plain http a token goes only if as has [interceptor.AllowPlaintext]. Methods
// that the matrix makes public are called without a token. A unary call whose token has
// just expired or was revoked is made once more, as [interceptor.Retry] says. The error of a
// call that a guard refused wraps an [interceptor.RefusedError].
//
// It is an error if the matrix does not let the client call the service. The result is safe
// for concurrent use.
func ClientInterceptor(as *interceptor.Client, service, baseURL string) (connect.Interceptor, error) {
	return newClientInterceptor(as, serving.AsService, service, baseURL)
}

// ClientInterceptorOnBehalfOf is [ClientInterceptor] for calls that a service makes for the
// caller that it is serving, or a front end for its user: see
// [interceptor.Client.DialOnBehalfOf].
func ClientInterceptorOnBehalfOf(as *interceptor.Client, service, baseURL string) (connect.Interceptor, error) {
	return newClientInterceptor(as, serving.OnBehalfOf, service, baseURL)
}

// ClientInterceptorForward is [ClientInterceptorOnBehalfOf] for calls that carry the
// unchanged token of the caller or the user: see [interceptor.Client.DialForward].
func ClientInterceptorForward(as *interceptor.Client, service, baseURL string) (connect.Interceptor, error) {
	return newClientInterceptor(as, serving.Forward, service, baseURL)
}

func newClientInterceptor(as *interceptor.Client, whose serving.Propagation, service, baseURL string) (connect.Interceptor, error) {
	if as == nil {
		return nil, errors.New("connectguard: no client; make one with interceptor.NewClient")
	}
	base, err := url.Parse(baseURL)
	if err != nil || base.Hostname() == "" || base.Scheme != "https" && base.Scheme != "http" || base.User != nil {
		shown := "what is given" // it may hold a password
		if err == nil && base.User == nil {
			shown = strconv.Quote(baseURL)
		}
		return nil, fmt.Errorf("connectguard: %s is no address of a service, want one such as https://orders.example.com", shown)
	}
	present, err := as.Outgoing(serving.Internal{}, whose, service)
	if err != nil {
		return nil, err
	}
	kind := serving.TLS
	switch {
	case base.Scheme == "https":
	case loopback.Host(base.Hostname()):
		kind = serving.Local
	default:
		kind = serving.Plaintext
	}
	return &client{present, base.Scheme, base.Host, strings.TrimRight(base.EscapedPath(), "/"), kind}, nil
}

// client presents tokens to one address.
type client struct {
	present                 serving.Presenter
	scheme, authority, path string
	kind                    serving.ConnectionKind
}

// attempt returns an attempt of a call, and its context.
func (c *client) attempt(ctx context.Context, spec connect.Spec) (context.Context, *outgoing, func()) {
	call, end := c.present.UntilLogout(ctx)
	o := &outgoing{scheme: c.scheme, authority: c.authority, path: c.path, method: spec.Procedure}
	return o.in(call), o, end
}

// begin puts what an attempt carries into o.
func (c *client) begin(ctx context.Context, o *outgoing, to connect.Peer, header http.Header) (serving.Presented, error) {
	if to.Addr != c.authority {
		return serving.Presented{}, connect.NewError(connect.CodeInternal, fmt.Errorf("connectguard: the call goes to %q, and its tokens to %q: give both the same address", to.Addr, c.authority))
	}
	if len(header["Authorization"]) > 0 {
		return serving.Presented{}, connect.NewError(connect.CodeInternal, fmt.Errorf("connectguard: %w", errHasAuthorization))
	}
	carried, err := c.present.Present(ctx, serving.Outgoing{Method: o.method, Authority: c.authority, Kind: c.kind})
	if err != nil {
		return carried, connect.NewError(connect.Code(status.Code(err)), err)
	}
	o.header = carried.Header
	return carried, nil
}

// WrapUnary implements [connect.Interceptor].
func (c *client) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		if !r.Spec().IsClient {
			return next(ctx, r)
		}
		for attempts := 1; ; attempts++ {
			answer, again, err := c.try(ctx, r, next, attempts)
			if !again {
				return answer, err
			}
		}
	}
}

// try makes one attempt of a unary call.
func (c *client) try(ctx context.Context, r connect.AnyRequest, next connect.UnaryFunc, attempts int) (answer connect.AnyResponse, again bool, err error) {
	call, o, end := c.attempt(ctx, r.Spec())
	defer end()
	carried, err := c.begin(call, o, r.Peer(), r.Header())
	if err != nil {
		return nil, false, err
	}
	answer, err = next(call, r)
	err, again = o.ended(carried, err, attempts)
	return answer, again, err
}

// WrapStreamingClient implements [connect.Interceptor].
func (c *client) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		call, o, end := c.attempt(ctx, spec)
		stop := context.AfterFunc(ctx, end) // for a stream that is not closed
		conn := next(call, spec)
		carried, err := c.begin(call, o, conn.Peer(), conn.RequestHeader())
		return &stream{conn, o, carried, err, func() {
			stop()
			end()
		}}
	}
}

// WrapStreamingHandler implements [connect.Interceptor].
func (c *client) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// ended returns the error of an attempt for its caller, and whether to make another one.
func (o *outgoing) ended(carried serving.Presented, err error, attempts int) (error, bool) {
	if o.lost(err) {
		err = connect.NewError(connect.CodeInternal, fmt.Errorf("connectguard: the call went without its token: make the Connect client with connectguard.HTTPClient (%w)", err))
	}
	refusal, is := errors.AsType[*connect.Error](err)
	if err != nil && !is {
		return err, false
	}
	answer := serving.Answer{}
	if is {
		answer = answerOf(refusal)
	}
	told, again := carried.Ended(answer, attempts)
	if known, refused := errors.AsType[*interceptor.RefusedError](told); refused && is {
		return connect.NewError(refusal.Code(), known), again
	}
	return err, again
}

// answerOf returns an error of Connect as gRPC has it.
func answerOf(err *connect.Error) serving.Answer {
	st := status.New(codes.Code(err.Code()), err.Message())
	for _, detail := range err.Details() {
		value, wrong := detail.Value()
		info, is := value.(*errdetails.ErrorInfo)
		if wrong != nil || !is {
			continue
		}
		if detailed, failed := st.WithDetails(protoadapt.MessageV1Of(info)); failed == nil {
			st = detailed
		}
	}
	trailer := metadata.MD{}
	for name, values := range err.Meta() {
		trailer.Append(name, values...)
	}
	return serving.Answer{Err: st.Err(), Trailer: trailer}
}
