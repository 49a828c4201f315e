package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
)

// people is the human-resource API. It checks no token: the guard before it has
// admitted each caller.
type people struct {
	hrv1.UnimplementedHumanResourceServer
	employees []*hrv1.Employee
	mu        sync.Mutex // guards reviews
	reviews   map[string]int32
}

func newPeople() *people {
	return &people{
		employees: []*hrv1.Employee{{Id: "e-1", Name: "Bob Builder", Department: "Shipping"}, {Id: "e-2", Name: "Carol Clerk", Department: "Sales"}},
		reviews:   map[string]int32{},
	}
}

// GetEmployee returns an employee, and the callers that the token names.
func (p *people) GetEmployee(ctx context.Context, r *hrv1.GetEmployeeRequest) (*hrv1.GetEmployeeResponse, error) {
	at := slices.IndexFunc(p.employees, func(e *hrv1.Employee) bool { return e.GetId() == r.GetEmployeeId() })
	if at < 0 {
		return nil, status.Errorf(codes.NotFound, "no employee %q", r.GetEmployeeId())
	}
	return &hrv1.GetEmployeeResponse{Employee: p.employees[at], Callers: callers(ctx)}, nil
}

// callers lists everybody whom the token names, the nearest caller first.
func callers(ctx context.Context) []string {
	caller, _ := audience.FromContext(ctx)
	all := caller.Chain
	if len(all) == 0 {
		all = []string{caller.Client}
	}
	if caller.User != "" {
		all = append(all, caller.User)
	}
	return all
}

// ListEmployees sends the employees of a department, or of all.
func (p *people) ListEmployees(r *hrv1.ListEmployeesRequest, stream grpc.ServerStreamingServer[hrv1.ListEmployeesResponse]) error {
	for _, e := range p.employees {
		if r.GetDepartment() != "" && r.GetDepartment() != e.GetDepartment() {
			continue
		}
		if err := stream.Send(&hrv1.ListEmployeesResponse{Employee: e}); err != nil {
			return err
		}
	}
	return nil
}

// ReviewEmployees counts reviews and confirms each.
func (p *people) ReviewEmployees(stream grpc.BidiStreamingServer[hrv1.ReviewEmployeesRequest, hrv1.ReviewEmployeesResponse]) error {
	for {
		review, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		p.mu.Lock()
		p.reviews[review.GetEmployeeId()]++
		n := p.reviews[review.GetEmployeeId()]
		p.mu.Unlock()
		if err := stream.Send(&hrv1.ReviewEmployeesResponse{EmployeeId: review.GetEmployeeId(), Reviews: n}); err != nil {
			return err
		}
	}
}
