package main

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/examples/internal/company"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// method is one method of the company, and one call of it.
type method struct {
	service string
	name    string
	stream  bool

	operation, body string // the request over HTTP

	call func(context.Context, *grpc.ClientConn, ...grpc.CallOption) error
}

var (
	getOrderStatus = method{company.OrderStatus, "GetOrderStatus", false, "GET /v1/orders/o-1", "", func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) error {
		_, err := ordersv1.NewOrderStatusClient(conn).GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{OrderId: "o-1"}, opts...)
		return err
	}}
	listOrders = method{company.OrderStatus, "ListOrders", false, "GET /v1/orders", "", func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) error {
		_, err := ordersv1.NewOrderStatusClient(conn).ListOrders(ctx, &ordersv1.ListOrdersRequest{}, opts...)
		return err
	}}
	watchOrderStatus = method{company.OrderStatus, "WatchOrderStatus", true, "GET /v1/orders/o-1/changes", "", func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // the stream would go on
		stream, err := ordersv1.NewOrderStatusClient(conn).WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{OrderId: "o-1"}, opts...)
		if err != nil {
			return err
		}
		_, err = stream.Recv()
		return err
	}}
	updateOrderStatus = method{company.OrderStatus, "UpdateOrderStatus", false, "PUT /v1/orders/o-1/status", `{"status":"STATUS_SHIPPED"}`, func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) error {
		_, err := ordersv1.NewOrderStatusClient(conn).UpdateOrderStatus(ctx, &ordersv1.UpdateOrderStatusRequest{OrderId: "o-1", Status: ordersv1.Status_STATUS_SHIPPED}, opts...)
		return err
	}}
	getEmployee = method{company.HumanResource, "GetEmployee", false, "GET /v1/employees/e-1", "", func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) error {
		_, err := hrv1.NewHumanResourceClient(conn).GetEmployee(ctx, &hrv1.GetEmployeeRequest{EmployeeId: "e-1"}, opts...)
		return err
	}}
	listEmployees = method{company.HumanResource, "ListEmployees", true, "GET /v1/employees", "", func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) error {
		stream, err := hrv1.NewHumanResourceClient(conn).ListEmployees(ctx, &hrv1.ListEmployeesRequest{}, opts...)
		if err != nil {
			return err
		}
		return drain(stream.Recv)
	}}
	reviewEmployees = method{company.HumanResource, "ReviewEmployees", true, "POST /v1/reviews", `{"employeeId":"e-1","text":"reliable"}`, func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) error {
		stream, err := hrv1.NewHumanResourceClient(conn).ReviewEmployees(ctx, opts...)
		if err != nil {
			return err
		}
		// Recv returns the error that stops these.
		_ = stream.Send(&hrv1.ReviewEmployeesRequest{EmployeeId: "e-1", Text: "reliable"})
		_ = stream.CloseSend()
		return drain(stream.Recv)
	}}

	methods = []method{getOrderStatus, listOrders, watchOrderStatus, updateOrderStatus, getEmployee, listEmployees, reviewEmployees}
)

// drain receives until the stream ends.
func drain[T any](recv func() (T, error)) error {
	for {
		if _, err := recv(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
