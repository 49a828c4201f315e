package company

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/grpcaud/grpcaud/interceptor/httpguard"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
)

// operations returns the handlers of a service's HTTP operations. They check no token: the
// guard before them has admitted each caller.
func (c *Company) operations(service string) httpguard.Handlers {
	if service == HumanResource {
		return httpguard.Handlers{
			"GetEmployee":   answer(c.people.GetEmployee, "employee_id"),
			"ListEmployees": answerAll(c.people.ListEmployees),
			"ReviewEmployees": answerAll(func(r *hrv1.ReviewEmployeesRequest, s grpc.ServerStreamingServer[hrv1.ReviewEmployeesResponse]) error {
				return c.people.ReviewEmployees(stream[hrv1.ReviewEmployeesRequest, hrv1.ReviewEmployeesResponse]{s, s.Context(), once(r), s.Send})
			}),
		}
	}
	return httpguard.Handlers{
		"GetOrderStatus":    answer(c.orders.GetOrderStatus, "order_id"),
		"ListOrders":        answer(c.orders.ListOrders),
		"UpdateOrderStatus": answer(c.orders.UpdateOrderStatus, "order_id"),
		"WatchOrderStatus":  answerAll(c.orders.WatchOrderStatus, "order_id"),
	}
}

// maxBody is how many bytes the body of a request may have.
const maxBody = 1 << 16

// errBadRequest means that the body of a request is not the method's message.
var errBadRequest = errors.New("the body is not the message of this method")

// message is a message of a method.
type message[T any] interface {
	*T
	proto.Message
}

// answer returns a handler that calls a method. Its message comes from the body, if there
// is one, and from these wildcards of the path.
func answer[In, Out any, PIn message[In], POut message[Out]](call func(context.Context, PIn) (POut, error), wildcards ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := requestOf[In, PIn](w, r, wildcards)
		var response POut
		if err == nil {
			response, err = call(r.Context(), request)
		}
		if err != nil {
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = write(w, response) // fails only if the peer has left
	})
}

// answerAll is [answer] for a method that sends several messages: each is a line.
func answerAll[In, Out any, PIn message[In], POut message[Out]](call func(PIn, grpc.ServerStreamingServer[Out]) error, wildcards ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := requestOf[In, PIn](w, r, wildcards)
		begun := false
		if err == nil {
			err = call(request, stream[In, Out]{ctx: r.Context(), send: func(next *Out) error {
				if !begun {
					begun = true
					w.Header().Set("Content-Type", "application/jsonl")
				}
				if err := write(w, POut(next)); err != nil {
					return err
				}
				return http.NewResponseController(w).Flush()
			}})
		}
		switch {
		case err != nil && begun:
			panic(http.ErrAbortHandler) // so that the peer does not take the answer for complete
		case err != nil:
			fail(w, err)
		}
	})
}

// requestOf reads the message of a request.
func requestOf[In any, PIn message[In]](w http.ResponseWriter, r *http.Request, wildcards []string) (PIn, error) {
	request := PIn(new(In))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil && len(body) > 0 {
		err = protojson.Unmarshal(body, request)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBadRequest, err)
	}
	fields := request.ProtoReflect().Descriptor().Fields()
	for _, name := range wildcards {
		request.ProtoReflect().Set(fields.ByTextName(name), protoreflect.ValueOfString(r.PathValue(name)))
	}
	return request, nil
}

// write writes a message as a line of JSON.
func write(w io.Writer, message proto.Message) error {
	line, err := protojson.Marshal(message)
	if err == nil {
		_, err = w.Write(append(line, '\n'))
	}
	return err
}

// fail answers a request whose method failed, with a status alone: the text of the error
// may be another service's.
func fail(w http.ResponseWriter, err error) {
	code, ok := httpStatuses[status.Code(err)]
	switch {
	case errors.Is(err, errBadRequest):
		code = http.StatusBadRequest
	case !ok:
		code = http.StatusInternalServerError
	}
	http.Error(w, http.StatusText(code), code)
}

// httpStatuses are the statuses of HTTP for the codes with which the methods fail.
var httpStatuses = map[codes.Code]int{
	codes.InvalidArgument: http.StatusBadRequest, codes.NotFound: http.StatusNotFound, codes.PermissionDenied: http.StatusForbidden,
	codes.Unauthenticated: http.StatusUnauthorized, codes.ResourceExhausted: http.StatusTooManyRequests, codes.Unavailable: http.StatusServiceUnavailable,
}
