// Package customer is the customer portal: a customer's orders, their live status, and an
// attempt to read the personnel files, which is refused.
package customer

import (
	"embed"
	"net/http"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/examples/portals/internal/operatorlog"
	"github.com/grpcaud/grpcaud/examples/portals/internal/order"
	"github.com/grpcaud/grpcaud/examples/portals/internal/signin"
	"github.com/grpcaud/grpcaud/examples/portals/internal/usercall"
	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

//go:embed templates
var pages embed.FS

// Services are what the portal calls.
type Services struct {
	// Caller calls for the users.
	Caller *usercall.Caller

	// Orders is a connection to order-status on which the token of the user is presented.
	Orders grpc.ClientConnInterface

	// People is a connection to human-resource without the guard of a client: on it the portal
	// does what an attacker would do.
	People grpc.ClientConnInterface

	// Decisions is the log of human-resource, which only its operator reads.
	Decisions *operatorlog.Log
}

// portal serves the pages.
type portal struct {
	site     *web.Site
	signin   *signin.Handler
	services Services
	orders   ordersv1.OrderStatusClient
}

// Site is the customer portal at an origin.
func Site(origin string) (*web.Site, error) {
	site := &web.Site{
		Name: "Customer portal", Theme: "customer", Origin: origin,
		Links: []web.Link{{Text: "My orders", To: "/"}, {Text: "Personnel files", To: "/personnel"}},
	}
	return site, site.ReadPages(pages)
}

// Register adds the pages of the portal.
func Register(mux *http.ServeMux, site *web.Site, in *signin.Handler, s Services) {
	p := &portal{site: site, signin: in, services: s, orders: ordersv1.NewOrderStatusClient(s.Orders)}
	mux.Handle("GET /{$}", in.Start(p.list))
	mux.Handle("GET /orders/{id}", in.Need(p.order))
	mux.HandleFunc("GET /orders/{id}/events", p.events)
	mux.Handle("GET /personnel", in.Need(p.personnel))
}

func (p *portal) list(w http.ResponseWriter, r *http.Request, s *signin.Session) {
	all, ok := p.services.Caller.Orders(w, r, s, p.orders)
	if !ok {
		return
	}
	p.signin.Show(w, r, s, "orders.html", "My orders", order.Views(all))
}

func (p *portal) order(w http.ResponseWriter, r *http.Request, s *signin.Session) {
	reply, ok := p.services.Caller.Order(w, r, s, p.orders)
	if !ok {
		return
	}
	page := s.Page()
	page.Title, page.Content = "Order "+web.Plain(reply.GetOrder().GetId()), order.Of(reply.GetOrder())
	page.Follow = r.URL.EscapedPath() + "/events"
	p.site.Show(w, r, http.StatusOK, "order.html", page)
}

// events follows an order for an open page.
func (p *portal) events(w http.ResponseWriter, r *http.Request) {
	p.signin.Follow(w, r, p.services.Caller.Watch(p.orders, r.PathValue("id")))
}
