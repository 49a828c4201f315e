package backoffice

import (
	"context"
	"net/http"

	"github.com/grpcaud/grpcaud/examples/portals/internal/order"
	"github.com/grpcaud/grpcaud/examples/portals/internal/signin"
	"github.com/grpcaud/grpcaud/examples/portals/internal/usercall"
	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// orderPage is an order with the form that changes it.
type orderPage struct {
	order.View
	Clerk   string
	Callers []string // who asked human-resource for the clerk, the nearest first
	Form    string
	Choices []order.Step
	Current string
	Done    bool // the form has changed it just now
}

func (p *portal) order(w http.ResponseWriter, r *http.Request, s *signin.Session) {
	reply, ok := p.services.Caller.Order(w, r, s, p.orders)
	if !ok {
		return
	}
	page := s.Page()
	page.Title, page.Follow = "Order "+web.Plain(reply.GetOrder().GetId()), r.URL.EscapedPath()+"/events"
	page.Content = orderPage{
		View: order.Of(reply.GetOrder()), Clerk: reply.GetClerk(), Callers: reply.GetCallers(),
		Form: s.Form, Choices: order.Choices(), Current: reply.GetOrder().GetStatus().String(), Done: r.URL.Query().Has("changed"),
	}
	p.site.Show(w, r, http.StatusOK, "order.html", page)
}

// update changes the status of an order for the employee.
func (p *portal) update(w http.ResponseWriter, r *http.Request, s *signin.Session) {
	to, ok := order.Parse(r.PostFormValue("status"))
	if !ok {
		p.site.ShowProblem(w, r, s.Page(), web.Problem{
			Status: http.StatusBadRequest, Title: "There is no such status",
			Text: "Nothing was changed. Choose one of the statuses of the list.", Next: web.Link{Text: "Back to the order", To: r.URL.EscapedPath()},
		})
		return
	}
	_, err := usercall.Do(r, s, func(ctx context.Context) (*ordersv1.UpdateOrderStatusResponse, error) {
		return p.orders.UpdateOrderStatus(ctx, &ordersv1.UpdateOrderStatusRequest{OrderId: r.PathValue("id"), Status: to})
	})
	if err != nil {
		p.services.Caller.Fail(w, r, s, err)
		return
	}
	http.Redirect(w, r, r.URL.EscapedPath()+"?changed", http.StatusSeeOther)
}
