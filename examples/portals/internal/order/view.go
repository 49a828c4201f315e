// Package order is an order as the pages of both portals show it.
package order

import ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"

// View is an order for people.
type View struct {
	ID, Item, Customer string

	Status  string // such as "Packed"
	Note    string // what the status means
	Changed string // when the status last changed, such as "29 November 2026, 20:15 UTC"
	Steps   []Step
	Outcome string // "good" if the order has arrived, "bad" if it never will; the colour of the status
}

// Step is one step of an order. State is "past", "now", or empty for what is to come.
type Step struct{ Key, Text, State string }

var steps = []struct {
	status              ordersv1.Status
	text, note, outcome string
}{
	{ordersv1.Status_STATUS_PLACED, "Placed", "We have your order.", ""},
	{ordersv1.Status_STATUS_PACKED, "Packed", "It is being packed.", ""},
	{ordersv1.Status_STATUS_SHIPPED, "Shipped", "The carrier has it.", ""},
	{ordersv1.Status_STATUS_DELIVERED, "Delivered", "It has arrived.", "good"},
}

// Of returns the view of an order.
func Of(o *ordersv1.Order) View {
	v := View{ID: o.GetId(), Item: o.GetItem(), Customer: o.GetCustomer(), Status: "Unknown", Note: "The status of this order is not known."}
	if at := o.GetChangedAt(); at.IsValid() {
		v.Changed = at.AsTime().Format("2 January 2006, 15:04:05 UTC")
	}
	if o.GetStatus() == ordersv1.Status_STATUS_CANCELLED {
		v.Status, v.Note, v.Outcome = "Cancelled", "It will not be delivered.", "bad"
	}
	for _, s := range steps {
		step := Step{Key: s.status.String(), Text: s.text}
		switch {
		case s.status == o.GetStatus():
			step.State, v.Status, v.Note, v.Outcome = "now", s.text, s.note, s.outcome
		case s.status < o.GetStatus() && v.Outcome != "bad":
			step.State = "past"
		}
		v.Steps = append(v.Steps, step)
	}
	return v
}

// Views returns the views of orders.
func Views(orders []*ordersv1.Order) []View {
	var all []View
	for _, o := range orders {
		all = append(all, Of(o))
	}
	return all
}

// Event is what an open page is told after a change: texts, and the state of each step.
func (v View) Event() map[string]any {
	states := map[string]string{}
	for _, s := range v.Steps {
		states[s.Key] = s.State
	}
	return map[string]any{"status": v.Status, "note": v.Note, "changed": v.Changed, "outcome": v.Outcome, "steps": states}
}

// Choices are the statuses that an order can be changed to, in order.
func Choices() []Step {
	var all []Step
	for _, s := range steps {
		all = append(all, Step{Key: s.status.String(), Text: s.text})
	}
	return append(all, Step{Key: ordersv1.Status_STATUS_CANCELLED.String(), Text: "Cancelled"})
}

// Parse reads the key of a choice. ok is false for a text that is none.
func Parse(key string) (s ordersv1.Status, ok bool) {
	n, known := ordersv1.Status_value[key]
	return ordersv1.Status(n), known && n != int32(ordersv1.Status_STATUS_UNSPECIFIED)
}
