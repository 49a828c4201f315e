package matrixissuer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/testutil"
)

// checkUsers refuses users whose tokens would say what the matrix does not allow: those of a
// client, or claims that the issuer writes.
func (i *Issuers) checkUsers(m access.Matrix) error {
	for _, name := range slices.Sorted(maps.Keys(m.Issuers)) {
		token := m.Issuers[name].Provider().Token
		if token.Service.Everybody() {
			continue // nobody logs in there
		}
		w := &tokenWriter{token: token}
		taken := map[string]bool{}
		for _, c := range m.Clients {
			if c.Issuer == name {
				taken[c.ID], taken[w.subject(c.ID)] = true, true
			}
		}
		for _, u := range i.options.users {
			if taken[strings.TrimPrefix(u.Name, token.SubjectPrefix)] {
				return fmt.Errorf("matrixissuer: user %q has the name of a client of issuer %q, whose tokens would be the same: take another name", u.Name, name)
			}
			if err := w.checkClaims(u); err != nil {
				return fmt.Errorf("matrixissuer: user %q: %w", u.Name, err)
			}
		}
	}
	return nil
}

// checkClaims refuses further claims of a user that follow from the matrix or the login.
func (w *tokenWriter) checkClaims(u testutil.User) error {
	own := []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "azp", "client_id", "scope", "act", "cnf", "sid"}
	for _, place := range slices.Concat(w.token.Clients, w.token.Scopes, slices.Collect(maps.Keys(w.token.Values)), []string{w.token.Subject}) {
		if path := provider.Path(place); path != nil {
			own = append(own, path[0])
		}
	}
	for _, claim := range slices.Sorted(maps.Keys(u.Claims)) {
		if slices.Contains(own, claim) {
			return fmt.Errorf("the issuer itself writes the claim %q: leave it out", claim)
		}
	}
	return nil
}
