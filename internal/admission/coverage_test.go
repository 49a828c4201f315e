package admission

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestPathsInProtoFilesDemandNothing shows that a policy covers a server whose .proto files
// have paths that the policy was made without, and no demands beside them.
func TestPathsInProtoFilesDemandNothing(t *testing.T) {
	c := newController(t, testutil.NewIssuer(corp))
	option := access.MethodOptions{GRPC: "acme.orders.v1.OrderStatus", Method: "GetOrderStatus", Place: "orders.proto", HTTP: []string{"GET /v1/orders/{id}"}}
	if err := c.CheckCoverage("paths", Surface{Methods: []string{getOrder}, Options: []access.MethodOptions{option}}); err != nil {
		t.Errorf("CheckCoverage with paths = %v", err)
	}
	option.Demands.Roles = []string{"clerk"}
	err := c.CheckCoverage("demands", Surface{Methods: []string{getOrder}, Options: []access.MethodOptions{option}})
	if err == nil || !strings.Contains(err.Error(), "has options at orders.proto, and the policy was made without them") {
		t.Errorf("CheckCoverage with paths and demands = %v", err)
	}
}
