package conformance_test

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// orders is the order status. For a user it asks the human resources.
type orders struct {
	ordersv1.UnimplementedOrderStatusServer
	people hrv1.HumanResourceClient
}

func (o orders) GetOrderStatus(ctx context.Context, _ *ordersv1.GetOrderStatusRequest) (*ordersv1.GetOrderStatusResponse, error) {
	if caller, _ := audience.FromContext(ctx); caller.User == "" {
		return &ordersv1.GetOrderStatusResponse{}, nil
	}
	clerk, err := o.people.GetEmployee(ctx, &hrv1.GetEmployeeRequest{})
	return &ordersv1.GetOrderStatusResponse{Callers: clerk.GetCallers()}, err
}

func (orders) WatchOrderStatus(_ *ordersv1.WatchOrderStatusRequest, s grpc.ServerStreamingServer[ordersv1.WatchOrderStatusResponse]) error {
	return s.Send(&ordersv1.WatchOrderStatusResponse{})
}

func (orders) UpdateOrderStatus(context.Context, *ordersv1.UpdateOrderStatusRequest) (*ordersv1.UpdateOrderStatusResponse, error) {
	return &ordersv1.UpdateOrderStatusResponse{}, nil
}

// people are the human resources. They say who asks: the service, those that act
// for the user, and the user.
type people struct {
	hrv1.UnimplementedHumanResourceServer
}

func (people) GetEmployee(ctx context.Context, _ *hrv1.GetEmployeeRequest) (*hrv1.GetEmployeeResponse, error) {
	caller, _ := audience.FromContext(ctx)
	return &hrv1.GetEmployeeResponse{Callers: append(append([]string{caller.Client}, caller.Chain...), caller.User)}, nil
}

func (people) ListEmployees(_ *hrv1.ListEmployeesRequest, s grpc.ServerStreamingServer[hrv1.ListEmployeesResponse]) error {
	return s.Send(&hrv1.ListEmployeesResponse{})
}

func (people) ReviewEmployees(s grpc.BidiStreamingServer[hrv1.ReviewEmployeesRequest, hrv1.ReviewEmployeesResponse]) error {
	for {
		if _, err := s.Recv(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := s.Send(&hrv1.ReviewEmployeesResponse{}); err != nil {
			return err
		}
	}
}
