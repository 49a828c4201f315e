package policyfile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// TestSwapAllKeepsServerAndClientTogether shows that a policy which one of them
// refuses is used by neither, if there was one that both accepted.
func TestSwapAllKeepsServerAndClientTogether(t *testing.T) {
	policies := make([]*access.Policy, 3)
	for i := range policies {
		policy, err := policyfile.Parse("access.yaml", []byte(example))
		if err != nil {
			t.Fatal(err)
		}
		policies[i] = policy
	}
	var server, client *access.Policy
	var refusal error
	swap := policyfile.SwapAll(
		func(p *access.Policy) error { server = p; return nil },
		func(p *access.Policy) error {
			if refusal == nil {
				client = p
			}
			return refusal
		})
	refusal = errors.New("the client is not in the matrix")
	if err := swap(policies[0]); !errors.Is(err, refusal) || server != policies[0] || client != nil {
		t.Errorf("the first policy, refused by the client: %v", err)
	}
	refusal = nil
	if err := swap(policies[1]); err != nil || server != policies[1] || client != policies[1] {
		t.Errorf("a policy that both accept: %v", err)
	}
	refusal = errors.New("the client is not in the matrix")
	if err := swap(policies[2]); !errors.Is(err, refusal) || server != policies[1] || client != policies[1] {
		t.Errorf("a policy that the client refuses: %v; the server has it: %t", err, server == policies[2])
	}
	failing := errors.New("closed")
	swap = policyfile.SwapAll(func(*access.Policy) error { return failing }, func(*access.Policy) error { panic("is not asked") })
	if err := swap(policies[0]); !errors.Is(err, failing) || !strings.Contains(err.Error(), "closed") {
		t.Errorf("the first of two refuses: %v", err)
	}
}
