package matrixtest

import (
	"maps"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
)

// token is the contents of a token, in the terms of the matrix. It is passed by value;
// lists are replaced, not changed.
type token struct {
	client   string // its name in the matrix; empty for a stranger
	id       string // of the client at the issuer
	issuer   string // its name in the matrix
	audience string
	scopes   []string
	roles    []string
	claims   map[string]string
	acr      string
	login    bool // it says when the user logged in
	user     bool // it identifies a user
	now      time.Time
	dialect  dialect
}

// satisfying returns tok with everything that d demands.
func (tok token) satisfying(d access.Allow) token {
	tok.scopes = slices.Concat(tok.scopes, d.Scopes, d.AnyScopes[:min(1, len(d.AnyScopes))])
	tok.roles = slices.Concat(tok.roles, d.Roles[:min(1, len(d.Roles))])
	tok.claims = maps.Clone(tok.claims)
	for name, values := range d.Claims {
		if tok.claims == nil {
			tok.claims = map[string]string{}
		}
		tok.claims[name] = values[0]
	}
	if len(d.ACR) > 0 && !slices.Contains(d.ACR, tok.acr) {
		tok.acr = d.ACR[0]
	}
	tok.login = tok.login || d.MaxAuthAge > 0
	tok.user = tok.user || d.Callers == access.UsersOnly || len(d.ACR) > 0 || d.MaxAuthAge > 0
	return tok
}

// lacking returns copies of tok that lack one thing each, by what they lack.
func (tok token) lacking() map[string]token {
	all := map[string]token{}
	for _, scope := range tok.scopes {
		less := tok
		less.scopes = slices.DeleteFunc(slices.Clone(tok.scopes), func(s string) bool { return s == scope })
		all["without scope "+scope] = less
	}
	for _, role := range tok.roles {
		less := tok
		less.roles = slices.DeleteFunc(slices.Clone(tok.roles), func(r string) bool { return r == role })
		all["without role "+role] = less
	}
	for name := range tok.claims {
		less := tok
		less.claims = maps.Clone(tok.claims)
		delete(less.claims, name)
		all["without claim "+name] = less
	}
	if tok.acr != "" {
		less := tok
		less.acr = ""
		all["without acr"] = less
	}
	if tok.login {
		less := tok
		less.login = false
		all["without the time of the login"] = less
	}
	if tok.acr == "" && !tok.login && tok.dialect.tellsKinds(tok) {
		other := tok
		other.user = !tok.user
		all["of another kind of caller"] = other
	}
	return all
}

// fits reports whether tok has everything that d demands.
func (tok token) fits(d access.Allow) bool {
	for name, values := range d.Claims {
		if !slices.Contains(values, tok.claims[name]) {
			return false
		}
	}
	return (len(d.Clients) == 0 || slices.Contains(d.Clients, tok.client)) &&
		subset(d.Scopes, tok.scopes) && meet(d.AnyScopes, tok.scopes) && meet(d.Roles, tok.roles) &&
		(len(d.ACR) == 0 || slices.Contains(d.ACR, tok.acr)) && (d.MaxAuthAge == 0 || tok.login) &&
		(d.Callers == "" || tok.user == (d.Callers == access.UsersOnly))
}

func subset(wanted, have []string) bool {
	return !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(have, w) })
}

func meet(wanted, have []string) bool {
	return len(wanted) == 0 || slices.ContainsFunc(wanted, func(w string) bool { return slices.Contains(have, w) })
}
