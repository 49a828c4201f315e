package learn_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/learn"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// TestNoClientTakesTheNameOfAnother shows that a client whose id is like that of another one,
// and which comes first in every order, does not stand in the matrix under its name.
func TestNoClientTakesTheNameOfAnother(t *testing.T) {
	for _, row := range []struct{ id, name, like string }{
		{"customer-portal", "", "Customer-Portal"},
		{"customer-portal", "", "\x1b[31mcustomer-portal"},
		{"customer-portal", "", " customer_portal"},
		{"bo-7", "customer-portal", "customer-portal"}, // the matrix in force has a name for it
	} {
		c := learn.NewCollector()
		for _, r := range []decision.Record{{Client: row.like}, {Client: row.id, ClientName: row.name}} {
			r.Method, r.Service, r.Issuer, r.Audience = "/acme.Orders/Get", "orders", "https://idp.example.com", []string{"orders"}
			r.Time, r.Decision, r.Mode, r.Caller, r.Cause, r.Preset = time.Now(), decision.WouldRefuse, "observe", decision.User, "CLIENT_NOT_ALLOWED", "keycloak"
			if err := c.Add(&r); err != nil {
				t.Fatal(err)
			}
		}
		text, err := c.Matrix(recorded.Count{Records: 2}, learn.Base{}, descriptor.Set{}, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		policy, err := policyfile.Parse("learnt.yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		client, ok := policy.Matrix().Clients["customer-portal"]
		if !ok || client.ID != row.id || strings.ContainsRune(string(text), 0x1b) {
			t.Errorf("%q beside %q: customer-portal is %q in\n%s", row.like, row.id, client.ID, text)
		}
	}
}
