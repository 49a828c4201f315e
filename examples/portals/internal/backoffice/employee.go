package backoffice

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/grpcaud/grpcaud/examples/portals/internal/signin"
	"github.com/grpcaud/grpcaud/examples/portals/internal/usercall"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
)

func (p *portal) employees(w http.ResponseWriter, r *http.Request, s *signin.Session) {
	all, err := p.askEmployees(r, s)
	if err != nil {
		p.services.Caller.Fail(w, r, s, err)
		return
	}
	p.signin.Show(w, r, s, "employees.html", "Employees", all)
}

func (p *portal) listEmployees(ctx context.Context) (all []*hrv1.Employee, err error) {
	stream, err := p.people.ListEmployees(ctx, &hrv1.ListEmployeesRequest{})
	if err != nil {
		return nil, err
	}
	for {
		reply, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, reply.GetEmployee())
	}
}

// askEmployees lists the employees for the user of the session.
func (p *portal) askEmployees(r *http.Request, s *signin.Session) ([]*hrv1.Employee, error) {
	return usercall.Do(r, s, p.listEmployees)
}
