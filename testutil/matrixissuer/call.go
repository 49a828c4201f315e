package matrixissuer

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/testutil"
)

// Call is one call for [Issuers.JudgeCalls].
type Call struct {
	// Client and Service are names of the matrix, and Method is the full name of the
	// method, such as "/acme.orders.v1.OrderStatus/GetOrderStatus".
	Client, Service, Method string

	// User is the user for whom the client calls; empty means that it calls as itself.
	User string

	// Scopes are what the token grants.
	Scopes []string
}

// JudgeCalls says of each call whether it is admitted with a token of its played issuer: nil,
// or why not. The token has the first audience of the service. The error is about the
// names of a call.
func (i *Issuers) JudgeCalls(calls []Call) ([]error, error) {
	s := i.state.Load()
	m, guards := s.policy.Matrix(), map[string]*access.Guard{}
	verdicts := make([]error, len(calls))
	for n, call := range calls {
		if guards[call.Service] == nil {
			guard, err := s.policy.Guard(call.Service)
			if err != nil {
				return nil, err
			}
			guards[call.Service] = guard
		}
		client, known := m.Clients[call.Client]
		if !known {
			return nil, fmt.Errorf("matrixissuer: no client %q in the matrix", call.Client)
		}
		rule := guards[call.Service].Rule(call.Method)
		if rule == nil {
			verdicts[n] = fmt.Errorf("matrixissuer: no rule for %s", call.Method)
			continue
		}
		read, err := s.mint(m.Issuers[client.Issuer], client, m.Services[call.Service].Audiences[0], call.User, call.Scopes)
		if err == nil {
			err = rule.Judge(read, access.Presentation{Time: time.Now(), Answer: access.Answer{Active: true}})
		}
		verdicts[n] = err
	}
	return verdicts, nil
}

// mint returns the claims of a token of a client, as a server reads them.
func (s *state) mint(issuer access.Issuer, client access.Client, audience, user string, scopes []string) (*claims.Claims, error) {
	played, subject := s.issuers[client.Issuer], cmp.Or(user, client.ID)
	written := played.writer.Load().write(
		testutil.Grant{Client: client.ID, Subject: subject, Audiences: []string{audience}, Scopes: slices.Clone(scopes)},
		testutil.Claims{"sub": subject, "aud": audience})
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(played.Mint(written), ".")[1])
	if err != nil {
		return nil, err
	}
	return issuer.TokenPreset().Claims(payload)
}
