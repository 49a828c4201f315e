package backoffice

import (
	"net/http"
	"slices"

	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/examples/portals/internal/order"
	"github.com/grpcaud/grpcaud/examples/portals/internal/signin"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// entry is a line of the audit trail for people.
type entry struct {
	company.Entry
	At     string
	Change string
}

// trail shows the audit trail, the latest entry first. Employees alone may read it: the service
// that lists the employees decides who is one.
func (p *portal) trail(w http.ResponseWriter, r *http.Request, s *signin.Session) {
	if _, err := p.askEmployees(r, s); err != nil {
		p.services.Caller.Fail(w, r, s, err)
		return
	}
	var all []entry
	for _, e := range slices.Backward(p.services.Trail()) {
		change := order.Of(&ordersv1.Order{Id: e.Order, Status: e.Status})
		all = append(all, entry{e, e.Time.UTC().Format("2 January 2006, 15:04:05 UTC"), change.Status})
	}
	p.signin.Show(w, r, s, "trail.html", "Audit trail", all)
}
