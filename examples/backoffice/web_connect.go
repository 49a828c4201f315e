package main

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/connectguard"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	"github.com/grpcaud/grpcaud/proto/acme/hr/v1/hrv1connect"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/proto/acme/orders/v1/ordersv1connect"
)

// callConnect calls a method over Connect.
func (w web) callConnect(ctx context.Context, client string, m method) (audience.Reason, error) {
	url := w.urls[m.service]
	present, err := connectguard.ClientInterceptor(w.Client(client), m.service, url)
	if err != nil {
		return audience.ReasonTokenNotObtained, nil
	}
	call := callPeople
	if m.service == company.OrderStatus {
		call = callOrders
	}
	if err = call(ctx, w, url, m.name, connect.WithInterceptors(present)); err == nil {
		return "", nil
	}
	if reason, ok := interceptor.ReasonOf(err); ok {
		return reason, nil
	}
	return "", err
}

func callOrders(ctx context.Context, w web, url, method string, opts ...connect.ClientOption) (err error) {
	client := ordersv1connect.NewOrderStatusClient(connectguard.HTTPClient(w.client), url, opts...)
	switch method {
	case getOrderStatus.name:
		_, err = client.GetOrderStatus(ctx, connect.NewRequest(&ordersv1.GetOrderStatusRequest{OrderId: "o-1"}))
	case listOrders.name:
		_, err = client.ListOrders(ctx, connect.NewRequest(&ordersv1.ListOrdersRequest{}))
	case updateOrderStatus.name:
		_, err = client.UpdateOrderStatus(ctx, connect.NewRequest(&ordersv1.UpdateOrderStatusRequest{OrderId: "o-1", Status: ordersv1.Status_STATUS_SHIPPED}))
	default:
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // the stream would go on
		stream, failed := client.WatchOrderStatus(ctx, connect.NewRequest(&ordersv1.WatchOrderStatusRequest{OrderId: "o-1"}))
		if failed != nil {
			return failed
		}
		if !stream.Receive() {
			return stream.Err()
		}
	}
	return err
}

func callPeople(ctx context.Context, w web, url, method string, opts ...connect.ClientOption) (err error) {
	client := hrv1connect.NewHumanResourceClient(connectguard.HTTPClient(w.client), url, opts...)
	switch method {
	case getEmployee.name:
		_, err = client.GetEmployee(ctx, connect.NewRequest(&hrv1.GetEmployeeRequest{EmployeeId: "e-1"}))
	case listEmployees.name:
		stream, failed := client.ListEmployees(ctx, connect.NewRequest(&hrv1.ListEmployeesRequest{}))
		if failed != nil {
			return failed
		}
		for stream.Receive() {
		}
		return errors.Join(stream.Err(), stream.Close())
	default:
		stream := client.ReviewEmployees(ctx)
		// Receive returns the error that stops these.
		_ = stream.Send(&hrv1.ReviewEmployeesRequest{EmployeeId: "e-1", Text: "reliable"})
		_ = stream.CloseRequest()
		for err == nil {
			_, err = stream.Receive()
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return errors.Join(err, stream.CloseResponse())
	}
	return err
}
