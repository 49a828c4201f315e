package matrixissuer

import (
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/testutil"
)

// writeRoles writes roles in the places where the provider has them. A provider without
// such places writes none.
func (w *tokenWriter) writeRoles(roles []string, c testutil.Claims) {
	for _, role := range roles {
		group, name, grouped := strings.Cut(role, "/")
		at := slices.IndexFunc(w.token.Roles, func(r provider.Roles) bool { return slices.Contains(r.Path, provider.Each) == grouped })
		switch {
		case at >= 0 && grouped:
			addRole(c, w.token.Roles[at], group, name)
		case at >= 0:
			addRole(c, w.token.Roles[at], "", role)
		case len(w.token.Roles) > 0:
			addRole(c, w.token.Roles[0], "", role)
		}
	}
}

// addRole adds a role at the end of a path. group replaces the step of the path that
// stands for each member.
func addRole(c map[string]any, r provider.Roles, group, role string) {
	for _, step := range r.Path[:len(r.Path)-1] {
		c = member(c, strings.ReplaceAll(step, provider.Each, group))
	}
	last := r.Path[len(r.Path)-1]
	if r.Names {
		member(c, last)[role] = map[string]any{}
		return
	}
	held, _ := c[last].([]string)
	c[last] = append(slices.Clip(held), role)
}
