package order_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/grpcaud/grpcaud/examples/portals/internal/order"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

func TestStepsOfAnOrder(t *testing.T) {
	t.Parallel()
	for s, want := range map[ordersv1.Status]struct {
		text, outcome string
		states        [4]string
	}{
		ordersv1.Status_STATUS_PLACED:      {"Placed", "", [4]string{"now", "", "", ""}},
		ordersv1.Status_STATUS_PACKED:      {"Packed", "", [4]string{"past", "now", "", ""}},
		ordersv1.Status_STATUS_SHIPPED:     {"Shipped", "", [4]string{"past", "past", "now", ""}},
		ordersv1.Status_STATUS_DELIVERED:   {"Delivered", "good", [4]string{"past", "past", "past", "now"}},
		ordersv1.Status_STATUS_CANCELLED:   {"Cancelled", "bad", [4]string{"", "", "", ""}},
		ordersv1.Status_STATUS_UNSPECIFIED: {"Unknown", "", [4]string{"", "", "", ""}},
	} {
		v := order.Of(&ordersv1.Order{Id: "o-1", Status: s})
		var states [4]string
		for i, step := range v.Steps {
			states[i] = step.State
		}
		if v.Status != want.text || v.Outcome != want.outcome || states != want.states {
			t.Errorf("%v: got %q %q %q, want %q %q %q", s, v.Status, v.Outcome, states, want.text, want.outcome, want.states)
		}
	}
}

func TestTimeOfAChange(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 29, 21, 15, 2, 0, time.FixedZone("CET", 3600))
	v := order.Of(&ordersv1.Order{ChangedAt: timestamppb.New(at)})
	if want := "29 November 2026, 20:15:02 UTC"; v.Changed != want {
		t.Errorf("Changed = %q, want %q", v.Changed, want)
	}
	if v := order.Of(&ordersv1.Order{}); v.Changed != "" {
		t.Errorf("without a time: Changed = %q, want none", v.Changed)
	}
}

func TestEveryChoiceIsAStatus(t *testing.T) {
	t.Parallel()
	for _, choice := range order.Choices() {
		if s, ok := order.Parse(choice.Key); !ok || s.String() != choice.Key {
			t.Errorf("Parse(%q) = %v, %t", choice.Key, s, ok)
		}
	}
	for _, text := range []string{"", "STATUS_UNSPECIFIED", "status_packed", "2", "PACKED"} {
		if s, ok := order.Parse(text); ok {
			t.Errorf("Parse(%q) = %v, want none", text, s)
		}
	}
}
