package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/grpcaud/grpcaud/examples/internal/company"
)

// serve keeps the servers running until ctx ends, and prints commands to call
// them with.
func (d *demo) serve(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "backoffice-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, d.CA().PEM(), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(out, `
The company keeps running; end it with Ctrl-C. From another terminal, in the project's folder:

# a token of the customer portal for the order status
TOKEN=$(curl -s --cacert %[1]s --connect-to ::%[2]s -u %[5]s:%[6]s \
  -d grant_type=client_credentials -d audience=order-status %[7]s/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

# admitted
grpcurl -cacert %[1]s -import-path proto -proto acme/orders/v1/order_status.proto \
  -H "authorization: Bearer $TOKEN" -d '{"order_id":"o-1"}' %[3]s acme.orders.v1.OrderStatus/GetOrderStatus

# refused: the same token at the human-resource API; the reason is in the trailer www-authenticate
grpcurl -v -cacert %[1]s -import-path proto -proto acme/hr/v1/human_resource.proto \
  -H "authorization: Bearer $TOKEN" -d '{"employee_id":"e-1"}' %[4]s acme.hr.v1.HumanResource/GetEmployee
`, ca, d.Issuer.Addr, d.orders.Addr, d.people.Addr, company.CustomerPortal, d.Issuer.Secrets["CUSTOMER_PORTAL_SECRET"], d.Issuer.URL())
	<-ctx.Done()
	return nil
}
