package nearest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/internal/nearest"
)

func TestAlike(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want bool
	}{
		{"customer-portal", "Customer-Portal", true},
		{"customer-portal", "customer_portal", true},
		{"customer-portal", "customerportal", true},
		{"customer-portal", "customer.portal", true},
		{"customer-portal", "custoner-portal", true},
		{"customer-portal", "custmer-portal", true},
		{"orders", "order", true},
		{"order-status", "orders-status", true},
		{"CRM", "crm", true},
		{"customer-portal", "partner-portal", false},
		{"node-1", "node-2", false},
		{"node1", "node12", false},
		{"orders-v1", "orders-v2", false},
		{"orders", "orders2", false},
		{"shop-a", "shop-b", false},
		{"shop-eu", "shop-au", false},
		{"crm", "cms", false},
		{"mail", "main", false},
		{"portal", "portal", false},
	} {
		got := nearest.Alike([]string{row.a, row.b})
		if (len(got) == 1) != row.want || len(got) > 1 {
			t.Errorf("Alike(%q, %q) = %v, want %t", row.a, row.b, got, row.want)
		}
	}
	if diff := cmp.Diff([][2]string{{"B-x", "b-x"}, {"B-x", "b_x"}, {"b-x", "b_x"}}, nearest.Alike([]string{"b_x", "other", "b-x", "B-x", "b-x"})); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
}

func TestAlikeOfManyNamesIsQuick(t *testing.T) {
	var names []string
	for i := range 10_000 {
		names = append(names, fmt.Sprintf("client-of-team-%x-%x", i*7919%10_007, i))
	}
	began := time.Now()
	nearest.Alike(names)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("10,000 names took %v", took)
	}
}
