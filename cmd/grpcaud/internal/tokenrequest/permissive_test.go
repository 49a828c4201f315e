package tokenrequest_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
)

// TestPermissivePolicyLetsEachClientRequest shows that each client may request a token for
// each service, also where the matrix states that it must never reach it.
func TestPermissivePolicyLetsEachClientRequest(t *testing.T) {
	policy, err := policyfile.Load("../../../../examples/backoffice/access.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(policy.Matrix().Never) == 0 {
		t.Fatal("the matrix states nothing that must never be")
	}
	permissive, err := tokenrequest.Permissive(policy)
	if err != nil {
		t.Fatal(err)
	}
	for client := range policy.Matrix().Clients {
		for service := range policy.Matrix().Services {
			if _, err := permissive.Target(client, service); err != nil {
				t.Errorf("%s at %s: %v", client, service, err)
			}
		}
	}
}
