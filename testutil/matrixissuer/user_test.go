package matrixissuer_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/testutil/matrixissuer"
)

// TestIssuerForRefusesUsersWhoPassForMore shows that no user has tokens like those of a
// client, and that no claim of a user takes the place of one that follows from the matrix.
func TestIssuerForRefusesUsersWhoPassForMore(t *testing.T) {
	for _, row := range []struct {
		preset string
		user   testutil.User
		want   string
	}{
		{"rfc9068", testutil.User{Name: "6f1c"}, "has the name of a client"},
		{"auth0", testutil.User{Name: "6f1c@clients"}, "has the name of a client"},
		{"rfc9068", testutil.User{Name: "alice", Claims: testutil.Claims{"aud": "hr"}}, `writes the claim "aud"`},
		{"rfc9068", testutil.User{Name: "alice", Claims: testutil.Claims{"sub": "6f1c"}}, `writes the claim "sub"`},
		{"rfc9068", testutil.User{Name: "alice", Claims: testutil.Claims{"scope": "orders.write"}}, `writes the claim "scope"`},
		{"entra", testutil.User{Name: "alice", Claims: testutil.Claims{"scp": "orders.write"}}, `writes the claim "scp"`},
		{"okta", testutil.User{Name: "alice", Claims: testutil.Claims{"cid": "6f1c"}}, `writes the claim "cid"`},
		{"rfc9068", testutil.User{Name: "portal", Claims: testutil.Claims{"department": "hr", "acr": "high"}}, ""},
	} {
		policy, err := policyfile.Parse("access.yaml", fmt.Appendf(nil, `
version: 1
issuers: {corp: {url: "https://idp.example.com", preset: %s}}
services: {hr: {audience: "api://hr", grpc: [acme.hr.v1.HumanResource], allow: [{clients: [portal], methods: [Get], scopes: none}]}}
clients: {portal: {id: "6f1c", secret: {env: PORTAL}}}
`, row.preset))
		if err != nil {
			t.Fatal(err)
		}
		_, err = matrixissuer.For(policy, matrixissuer.Users(row.user))
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s, %v: got %v, want %q", row.preset, row.user, err, row.want)
		}
	}
}
