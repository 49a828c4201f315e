package revoke

import (
	"cmp"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
)

// Reach is what the tokens of a target can do by one entry of the matrix.
type Reach struct {
	Service string   `json:"service"`
	Clients []string `json:"clients"` // that hold the tokens; "any" for clients that are not named
	Methods []string `json:"methods"`
}

// newTarget returns a target. single is the token that it is; nil if there may be several.
func newTarget(m access.Matrix, issuer string, e revocation.Entry, single *claims.Claims) Target {
	t := Target{Entry: e, issuer: issuer, single: single}
	for _, name := range files.GuardedServiceNames(m) {
		service := m.Services[name]
		if !slices.Contains(service.Issuers, issuer) || !t.addressed(service) {
			continue
		}
		for _, allow := range service.Allow {
			if clients := t.clients(m, allow); len(clients) > 0 && m.Concerns(service, allow, m.Issuers[issuer]) {
				t.Reach = append(t.Reach, Reach{name, clients, allow.Methods})
			}
		}
	}
	return t
}

// addressed reports whether tokens of the target can be for a service.
func (t Target) addressed(service access.Service) bool {
	return t.single == nil || !t.single.Addressed() || slices.ContainsFunc(service.Audiences, t.single.HasAudience)
}

// clients returns the clients of an entry of the matrix that can hold tokens of the
// target.
func (t Target) clients(m access.Matrix, allow access.Allow) []string {
	id := t.Entry.Client
	if t.single != nil {
		id = cmp.Or(id, t.single.Client())
	}
	if allow.AnyClient {
		return []string{"any"}
	}
	var held []string
	for _, name := range allow.Clients {
		if c := m.Clients[name]; c.Issuer == t.issuer && (id == "" || c.ID == id) {
			held = append(held, name)
		}
	}
	return held
}

// Part says in words which part of the tokens of the issuer the target is.
func (t Target) Part() string {
	e := t.Entry
	var parts []string
	switch {
	case e.ID != "":
		parts = append(parts, "one token")
	case e.Session != "":
		parts = append(parts, "the tokens of one login; other logins of the user go on")
	case e.Subject != "" && e.Client != "":
		parts = append(parts, "the tokens of one user at one client")
	case e.Subject != "":
		parts = append(parts, "all tokens of one user, at every client")
	case e.Client != "":
		parts = append(parts, "all tokens of one client, of all its users")
	default:
		parts = append(parts, "all tokens of the issuer, of every user and client")
	}
	switch {
	case e.ID != "" || e.Session != "":
	case e.IssuedBefore.IsZero():
		parts = append(parts, "tokens that are issued later are refused too until it ends, so that a new login does not help")
	default:
		parts = append(parts, "tokens that are issued later are admitted")
	}
	return strings.Join(parts, "; ")
}
