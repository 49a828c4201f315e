package transports_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/examples"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/presented"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// company is the guard of the company's services, by the access matrix of the examples.
type company struct {
	issuer  *presented.Issuer
	revoked *revocation.List
	admit   *interceptor.Server
}

func newCompany(t *testing.T) *company {
	t.Helper()
	policy, err := examples.Policy()
	if err != nil {
		t.Fatal(err)
	}
	c := &company{issuer: presented.NewIssuer(policy.Matrix().Issuers["corp"].URL), revoked: revocation.NewList(8)}
	c.admit, err = interceptor.NewServer(policy, interceptor.Services("order-status", "human-resource"),
		interceptor.Transport(c.issuer.Transport()), interceptor.Revocations(c.revoked),
		interceptor.VerifierOptions(verifier.Cooldown(time.Millisecond)), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.admit.Close() })
	return c
}

func register(s *grpc.Server) {
	ordersv1.RegisterOrderStatusServer(s, orders{})
	hrv1.RegisterHumanResourceServer(s, people{})
}

// orders and people answer every call.
type (
	orders struct {
		ordersv1.UnimplementedOrderStatusServer
	}
	people struct {
		hrv1.UnimplementedHumanResourceServer
	}
)

func (orders) GetOrderStatus(context.Context, *ordersv1.GetOrderStatusRequest) (*ordersv1.GetOrderStatusResponse, error) {
	return &ordersv1.GetOrderStatusResponse{}, nil
}

func (orders) ListOrders(context.Context, *ordersv1.ListOrdersRequest) (*ordersv1.ListOrdersResponse, error) {
	return &ordersv1.ListOrdersResponse{}, nil
}

func (orders) UpdateOrderStatus(context.Context, *ordersv1.UpdateOrderStatusRequest) (*ordersv1.UpdateOrderStatusResponse, error) {
	return &ordersv1.UpdateOrderStatusResponse{}, nil
}

func (orders) WatchOrderStatus(_ *ordersv1.WatchOrderStatusRequest, stream grpc.ServerStreamingServer[ordersv1.WatchOrderStatusResponse]) error {
	return stream.Send(&ordersv1.WatchOrderStatusResponse{})
}

func (people) GetEmployee(context.Context, *hrv1.GetEmployeeRequest) (*hrv1.GetEmployeeResponse, error) {
	return &hrv1.GetEmployeeResponse{}, nil
}

func (people) ListEmployees(_ *hrv1.ListEmployeesRequest, stream grpc.ServerStreamingServer[hrv1.ListEmployeesResponse]) error {
	return stream.Send(&hrv1.ListEmployeesResponse{})
}

func (people) ReviewEmployees(stream grpc.BidiStreamingServer[hrv1.ReviewEmployeesRequest, hrv1.ReviewEmployeesResponse]) error {
	for {
		switch _, err := stream.Recv(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := stream.Send(&hrv1.ReviewEmployeesResponse{}); err != nil {
			return err
		}
	}
}
