package company

import (
	"context"
	"errors"
	"io"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/connectguard"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	"github.com/grpcaud/grpcaud/proto/acme/hr/v1/hrv1connect"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/proto/acme/orders/v1/ordersv1connect"
)

// procedures returns the handlers of a service for Connect.
func (c *Company) procedures(service string, admit *interceptor.Server) http.Handler {
	hide, mux := connectguard.HideDownstreamRefusals(admit), http.NewServeMux()
	if service == HumanResource {
		mux.Handle(hrv1connect.NewHumanResourceHandler(connectPeople{c.people}, hide))
	} else {
		mux.Handle(ordersv1connect.NewOrderStatusHandler(connectOrders{c.orders}, hide))
	}
	return mux
}

// connectOrders and connectPeople are the services as Connect calls them.
type (
	connectOrders struct{ of *orders }
	connectPeople struct{ of *people }
)

func (c connectOrders) GetOrderStatus(ctx context.Context, r *connect.Request[ordersv1.GetOrderStatusRequest]) (*connect.Response[ordersv1.GetOrderStatusResponse], error) {
	return unary(ctx, r, c.of.GetOrderStatus)
}

func (c connectOrders) ListOrders(ctx context.Context, r *connect.Request[ordersv1.ListOrdersRequest]) (*connect.Response[ordersv1.ListOrdersResponse], error) {
	return unary(ctx, r, c.of.ListOrders)
}

func (c connectOrders) UpdateOrderStatus(ctx context.Context, r *connect.Request[ordersv1.UpdateOrderStatusRequest]) (*connect.Response[ordersv1.UpdateOrderStatusResponse], error) {
	return unary(ctx, r, c.of.UpdateOrderStatus)
}

func (c connectOrders) WatchOrderStatus(ctx context.Context, r *connect.Request[ordersv1.WatchOrderStatusRequest], to *connect.ServerStream[ordersv1.WatchOrderStatusResponse]) error {
	return asConnect(c.of.WatchOrderStatus(r.Msg, stream[ordersv1.WatchOrderStatusRequest, ordersv1.WatchOrderStatusResponse]{ctx: ctx, send: to.Send}))
}

func (c connectPeople) GetEmployee(ctx context.Context, r *connect.Request[hrv1.GetEmployeeRequest]) (*connect.Response[hrv1.GetEmployeeResponse], error) {
	return unary(ctx, r, c.of.GetEmployee)
}

func (c connectPeople) ListEmployees(ctx context.Context, r *connect.Request[hrv1.ListEmployeesRequest], to *connect.ServerStream[hrv1.ListEmployeesResponse]) error {
	return asConnect(c.of.ListEmployees(r.Msg, stream[hrv1.ListEmployeesRequest, hrv1.ListEmployeesResponse]{ctx: ctx, send: to.Send}))
}

func (c connectPeople) ReviewEmployees(ctx context.Context, s *connect.BidiStream[hrv1.ReviewEmployeesRequest, hrv1.ReviewEmployeesResponse]) error {
	return asConnect(c.of.ReviewEmployees(stream[hrv1.ReviewEmployeesRequest, hrv1.ReviewEmployeesResponse]{ctx: ctx, receive: s.Receive, send: s.Send}))
}

// unary calls a method.
func unary[In, Out any](ctx context.Context, r *connect.Request[In], call func(context.Context, *In) (*Out, error)) (*connect.Response[Out], error) {
	response, err := call(ctx, r.Msg)
	if err != nil {
		return nil, asConnect(err)
	}
	return connect.NewResponse(response), nil
}

// asConnect returns the error of a method with the code that it has in gRPC.
func asConnect(err error) error {
	if _, ok := errors.AsType[*connect.Error](err); ok || err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return connect.NewError(connect.Code(status.Code(err)), err)
}
