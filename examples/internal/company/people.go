package company

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
	staff   staff
	mu      sync.Mutex // guards reviews
	reviews map[string]int32
}

func newPeople(staff staff) *people { return &people{staff: staff, reviews: map[string]int32{}} }

// GetEmployee returns an employee, and the callers that the token names.
func (p *people) GetEmployee(ctx context.Context, r *hrv1.GetEmployeeRequest) (*hrv1.GetEmployeeResponse, error) {
	caller, _ := audience.FromContext(ctx)
	if err := p.staff.check(caller); err != nil {
		return nil, err
	}
	at := slices.IndexFunc(p.staff.employees, func(e *hrv1.Employee) bool { return e.GetId() == r.GetEmployeeId() })
	if at < 0 {
		return nil, status.Errorf(codes.NotFound, "no employee %q", r.GetEmployeeId())
	}
	return &hrv1.GetEmployeeResponse{Employee: p.staff.employees[at], Callers: callers(caller)}, nil
}

// callers lists everybody whom the token names, the nearest caller first.
func callers(caller audience.Caller) []string {
	all := slices.Clone(caller.Chain)
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
	caller, _ := audience.FromContext(stream.Context())
	if err := p.staff.check(caller); err != nil {
		return err
	}
	for _, e := range p.staff.employees {
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
	caller, _ := audience.FromContext(stream.Context())
	if err := p.staff.check(caller); err != nil {
		return err
	}
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
