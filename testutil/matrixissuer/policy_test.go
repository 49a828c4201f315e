package matrixissuer_test

import (
	"fmt"
	"testing"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/testutil/matrixissuer"
)

// TestIssuersHaveTheAddressesOfTheMatrix shows that an issuer keeps its address if that is
// https, or plain HTTP on a host that the matrix names as insecure.
func TestIssuersHaveTheAddressesOfTheMatrix(t *testing.T) {
	for entry, want := range map[string]string{
		`url: "https://idp.example.com/corp"`:                                        "https://idp.example.com/corp",
		`url: "http://login.localhost:8080/corp", insecure: {host: login.localhost}`: "http://login.localhost:8080/corp",
		`url: "http://127.0.0.1:8080/corp", insecure: loopback`:                      "https://issuer.test/corp",
	} {
		text := fmt.Sprintf(`
version: 1
issuers: {corp: {%s}}
services: {hr: {audience: hr, grpc: [acme.hr.v1.HumanResource], allow: [{clients: [portal], methods: [Get], scopes: none}]}}
clients: {portal: {secret: {env: PORTAL}}}
`, entry)
		policy, err := policyfile.Parse("access.yaml", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", entry, err)
			continue
		}
		issuers, err := matrixissuer.For(policy)
		if err != nil || issuers.Issuer("corp").URL() != want {
			t.Errorf("%s: got %v, %v, want %s", entry, issuers, err, want)
		}
	}
}
