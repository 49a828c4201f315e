package matrixissuer

import (
	"fmt"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// Judge says whether a client that calls a method of a service as itself, with a token of
// its played issuer, is admitted: nil, or why not. method is the full name of the method,
// such as "/acme.orders.v1.OrderStatus/GetOrderStatus".
func (i *Issuers) Judge(client, service, method string) error {
	s := i.state.Load()
	guard, err := s.policy.Guard(service)
	if err != nil {
		return err
	}
	rule := guard.Rule(method)
	if rule == nil {
		return fmt.Errorf("matrixissuer: no rule for %s", method)
	}
	if rule.Public() {
		return nil
	}
	t, err := s.policy.Target(client, service)
	if err != nil {
		return err
	}
	read, err := s.claims(client, t)
	if err != nil {
		return err
	}
	return rule.Judge(read, access.Presentation{Time: time.Now(), Answer: access.Answer{Active: true}})
}

// claims returns the claims of a client's own token, as a server reads them.
func (s *state) claims(name string, t access.Target) (*claims.Claims, error) {
	return s.mint(t.Issuer, s.matrix.Clients[name], t.Audience, "", t.Scopes)
}
