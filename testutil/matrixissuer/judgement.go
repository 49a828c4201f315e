package matrixissuer

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/testutil"
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
	client := s.matrix.Clients[name]
	played := s.issuers[client.Issuer]
	written := played.writer.Load().write(
		testutil.Grant{Client: client.ID, Subject: client.ID, Audiences: []string{t.Audience}, Scopes: slices.Clone(t.Scopes)},
		testutil.Claims{"sub": client.ID, "aud": t.Audience})
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(played.Mint(written), ".")[1])
	if err != nil {
		return nil, err
	}
	return t.Issuer.TokenPreset().Claims(payload)
}
