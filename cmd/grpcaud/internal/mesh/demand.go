package mesh

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
)

// demands returns what all entries together demand of the tokens of i that these clients
// present. The error says what no proxy can check.
func (i Issuer) demands(clients []string, entries []access.Allow) ([]Either, error) {
	every := []Either{}
	kinds := []access.CallerKind{}
	for _, a := range entries {
		if a.Online {
			return nil, errors.New("online: a proxy does not ask the issuer about a JWT")
		}
		if a.MaxAuthAge > 0 {
			return nil, errors.New("max_auth_age: how long ago a user logged in is not compared with the clock")
		}
		if a.Callers != "" {
			kinds = append(kinds, a.Callers)
		}
		if len(a.ACR) > 0 {
			kinds = append(kinds, access.UsersOnly) // the token of a service may have acr too
		}
		scopes, err := i.scopes(a)
		if err != nil {
			return nil, err
		}
		roles, err := i.roles(a.Roles)
		if err != nil {
			return nil, err
		}
		if err := i.verifiable(a); err != nil {
			return nil, err
		}
		every = append(every, scopes, roles, members(a))
	}
	callers, err := i.callers(clients, kinds)
	if err != nil {
		return nil, err
	}
	every = append([]Either{callers}, every...)
	return slices.DeleteFunc(every, func(e Either) bool { return len(e) == 0 || len(e) == 1 && len(e[0]) == 0 }), nil
}

// verifiable returns an error if a demanded claim counts only where another claim is true:
// a proxy compares texts.
func (i Issuer) verifiable(a access.Allow) error {
	for _, c := range i.token.CallerClaims {
		if _, demanded := a.Claims[c.Claim]; demanded && c.VerifiedBy != "" {
			return fmt.Errorf("claims: %s counts only if %s is true, which is no text", c.Claim, c.VerifiedBy)
		}
	}
	return nil
}

// members demands further claims, and a way to log in.
func members(a access.Allow) Either {
	var all All
	for _, claim := range slices.Sorted(maps.Keys(a.Claims)) {
		all = append(all, oneOf(a.Claims[claim], claim))
	}
	if len(a.ACR) > 0 {
		all = append(all, oneOf(a.ACR, "acr"))
	}
	return onlyWay(all...)
}

// callers demands one of the clients: an alternative for each, since two claims that name
// a client must name the same one.
func (i Issuer) callers(clients []string, kinds []access.CallerKind) (Either, error) {
	var either Either
	for _, id := range clients {
		who := i.client(id)
		services, users, ok := i.kinds(id)
		for _, kind := range kinds {
			of := services
			if kind == access.UsersOnly {
				of = users
			}
			if !ok || of == nil {
				return nil, fmt.Errorf("%s only: the tokens do not tell by a claim who calls", kind)
			}
			who = append(who, of...)
			if kind == access.UsersOnly {
				who = append(who, i.userSubject...)
			}
		}
		either = append(either, who)
	}
	return either, nil
}

// client demands a token of the client of that id.
func (i Issuer) client(id string) All {
	if id == anyClient {
		return nil
	}
	first := i.token.Clients[0]
	all := All{oneOf([]string{id}, first)}
	for _, claim := range []string{"azp", "client_id"} {
		if claim != first {
			all = append(all, Condition{Claim: []string{claim}, Values: []string{id}, Absent: true})
		}
	}
	return all
}

// scopes demands scopes, in the first claim of scopes that is present.
func (i Issuer) scopes(a access.Allow) (Either, error) {
	if len(a.Scopes)+len(a.AnyScopes) == 0 {
		return nil, nil
	}
	if len(i.token.Scopes) == 0 {
		return nil, errors.New("scopes: the tokens hold none")
	}
	var either Either
	for n, claim := range i.token.Scopes {
		var all All
		for _, earlier := range i.token.Scopes[:n] {
			all = append(all, absent(earlier))
		}
		for _, scope := range a.Scopes {
			all = append(all, oneOf([]string{scope}, claim))
		}
		if len(a.AnyScopes) > 0 {
			all = append(all, oneOf(a.AnyScopes, claim))
		}
		either = append(either, all)
	}
	return either, nil
}

// roles demands one of the roles, which may be in several claims.
func (i Issuer) roles(names []string) (Either, error) {
	var either Either
	for _, name := range names {
		claim, value := i.role(name)
		last := len(either) - 1
		switch {
		case claim == nil:
			return nil, errors.New("roles: the tokens hold none")
		case value == "":
			either = append(either, All{present(claim...)})
		case last >= 0 && slices.Equal(either[last][0].Claim, claim):
			either[last][0].Values = append(either[last][0].Values, value)
		default:
			either = append(either, All{oneOf([]string{value}, claim...)})
		}
	}
	return either, nil
}
