package main

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
)

// people is the human-resource API.
type people struct {
	hrv1.UnimplementedHumanResourceServer
}

var clerks = map[string]string{"e-1": "Bob Builder", "e-2": "Carol Clerk"}

// GetEmployee returns an employee, and the callers that the token names, the nearest
// caller first.
func (people) GetEmployee(ctx context.Context, r *hrv1.GetEmployeeRequest) (*hrv1.GetEmployeeResponse, error) {
	name, ok := clerks[r.GetEmployeeId()]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "no employee %q", r.GetEmployeeId())
	}
	caller, _ := audience.FromContext(ctx)
	callers := []string{caller.Client}
	if caller.User != "" {
		callers = append(callers, caller.User)
	}
	return &hrv1.GetEmployeeResponse{Employee: &hrv1.Employee{Id: r.GetEmployeeId(), Name: name}, Callers: callers}, nil
}
