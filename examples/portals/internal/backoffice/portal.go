// Package backoffice is the back-office portal: all orders, a change of an order's status, the
// employees, and the audit trail with what a worker did later.
package backoffice

import (
	"embed"
	"net/http"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/examples/portals/internal/order"
	"github.com/grpcaud/grpcaud/examples/portals/internal/signin"
	"github.com/grpcaud/grpcaud/examples/portals/internal/usercall"
	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

//go:embed templates
var pages embed.FS

// Services are what the portal calls.
type Services struct {
	// Caller calls for the users.
	Caller *usercall.Caller

	// Orders and People are connections to order-status and human-resource, on which the token
	// of the user is exchanged.
	Orders, People grpc.ClientConnInterface

	// Trail returns the audit trail of order-status, the oldest entry first.
	Trail func() []company.Entry
}

// portal serves the pages.
type portal struct {
	site     *web.Site
	signin   *signin.Handler
	services Services
	orders   ordersv1.OrderStatusClient
	people   hrv1.HumanResourceClient
}

// Site is the back-office portal at an origin.
func Site(origin string) (*web.Site, error) {
	site := &web.Site{
		Name: "Back office", Theme: "backoffice", Origin: origin,
		Links: []web.Link{{Text: "Orders", To: "/"}, {Text: "Employees", To: "/employees"}, {Text: "Audit trail", To: "/trail"}},
	}
	return site, site.ReadPages(pages)
}

// Register adds the pages of the portal.
func Register(mux *http.ServeMux, site *web.Site, in *signin.Handler, s Services) {
	p := &portal{site, in, s, ordersv1.NewOrderStatusClient(s.Orders), hrv1.NewHumanResourceClient(s.People)}
	mux.Handle("GET /{$}", in.Start(p.list))
	mux.Handle("GET /orders/{id}", in.Need(p.order))
	mux.Handle("POST /orders/{id}", in.Need(p.update))
	mux.HandleFunc("GET /orders/{id}/events", p.events)
	mux.Handle("GET /employees", in.Need(p.employees))
	mux.Handle("GET /trail", in.Need(p.trail))
}

func (p *portal) list(w http.ResponseWriter, r *http.Request, s *signin.Session) {
	all, ok := p.services.Caller.Orders(w, r, s, p.orders)
	if !ok {
		return
	}
	p.signin.Show(w, r, s, "orders.html", "Orders", order.Views(all))
}

// events follows an order for an open page.
func (p *portal) events(w http.ResponseWriter, r *http.Request) {
	p.signin.Follow(w, r, p.services.Caller.Watch(p.orders, r.PathValue("id")))
}
