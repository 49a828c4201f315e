package main

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// job is what waits in the queue: what is to be done, and who asked for it.
type job struct {
	Order string          `json:"order"`
	Asked audience.Record `json:"asked"`
}

// desk is the order-status API. It does what must be done while the caller is
// there, and leaves the rest to the night.
type desk struct {
	ordersv1.UnimplementedOrderStatusServer
	people hrv1.HumanResourceClient // on behalf of the caller
	log    *slog.Logger
	told   chan error // what became of the part that is done at once
	queue  chan []byte
}

// UpdateOrderStatus starts one job now and puts one into the queue.
func (d *desk) UpdateOrderStatus(ctx context.Context, r *ordersv1.UpdateOrderStatusRequest) (*ordersv1.UpdateOrderStatusResponse, error) {
	caller, _ := audience.FromContext(ctx)
	// This one outlives the call but begins in it: the caller's token is
	// exchanged at its start, while there is one. Its end ends the job's, too.
	go func() { d.told <- d.tellClerk(context.WithoutCancel(ctx)) }()

	later, err := json.Marshal(job{Order: r.GetOrderId(), Asked: caller.Record(interceptor.RequestID(ctx))})
	if err != nil {
		return nil, err
	}
	d.queue <- later
	return &ordersv1.UpdateOrderStatusResponse{Order: &ordersv1.Order{Id: r.GetOrderId(), Status: r.GetStatus()}}, nil
}

// tellClerk asks for the clerk of the order, in the caller's name.
func (d *desk) tellClerk(ctx context.Context) error {
	reply, err := d.people.GetEmployee(ctx, &hrv1.GetEmployeeRequest{EmployeeId: "e-1"})
	if err == nil {
		d.log.Info("clerk told at once", "clerk", reply.GetEmployee().GetName(), "callers", reply.GetCallers())
	}
	return err
}
