package company

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
)

// staff knows who works for the company.
type staff struct {
	employees []*hrv1.Employee
	ids       map[string]string            // of the employees, by the names with which they log in
	login     func(audience.Caller) string // the name of the user of a call
}

func newStaff(login func(audience.Caller) string) staff {
	if login == nil {
		login = func(c audience.Caller) string { return c.User }
	}
	return staff{
		employees: []*hrv1.Employee{
			{Id: "e-1", Name: "Bob Builder", Department: "Shipping"},
			{Id: "e-2", Name: "Carol Clerk", Department: "Sales"},
			{Id: "e-3", Name: "Alice Archer", Department: "Customer care"},
		},
		ids:   map[string]string{"bob": "e-1", "carol": "e-2", "alice": "e-3"},
		login: login,
	}
}

// check refuses a user who is no employee. A service passes: the access matrix has
// admitted it.
func (s staff) check(caller audience.Caller) error {
	if caller.User == "" {
		return nil
	}
	if name := s.login(caller); s.ids[name] == "" {
		return status.Errorf(codes.PermissionDenied, "%q is no employee", name)
	}
	return nil
}
