package matrixissuer

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
)

// variables are the environment variables of secrets.
type variables struct {
	taken map[string]bool
	given map[string]string // by client
}

// newVariables returns the variables of a matrix; the ones that it names are taken.
func newVariables(m access.Matrix) variables {
	v := variables{map[string]bool{}, map[string]string{}}
	for _, c := range m.Clients {
		v.taken[c.Secret.Env] = true
	}
	for _, i := range m.Issuers {
		v.taken[i.Introspection.Secret.Env] = true
	}
	return v
}

// of returns the variable for the secret of a client: CUSTOMER_PORTAL_SECRET for
// customer-portal, with a number if that is taken.
func (v variables) of(client string) string {
	if name, ok := v.given[client]; ok {
		return name
	}
	letters := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, strings.ToUpper(client))
	if letters == "" || letters[0] >= '0' && letters[0] <= '9' {
		letters = "CLIENT_" + letters
	}
	name := letters + "_SECRET"
	for n := 2; v.taken[name]; n++ {
		name = fmt.Sprintf("%s_SECRET_%d", letters, n)
	}
	v.taken[name], v.given[client] = true, name
	return name
}

// shellName returns the name of an environment variable if a shell can set it; else it is
// empty.
func shellName(env string) string {
	if regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(env) {
		return env
	}
	return ""
}
