package claims

import (
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/jsonvalue"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// roles reads the roles at all of these places. A role that could be confused with a
// role of another place is left out: see [provider.Roles].
func (r *reader) roles(places []provider.Roles) []string {
	prefixed := slices.ContainsFunc(places, func(p provider.Roles) bool { return slices.Contains(p.Path, provider.Each) })
	var roles []string
	for _, place := range places {
		value, ok := r.members[place.Path[0]]
		if !ok {
			continue
		}
		for _, role := range r.rolesIn(value, place, 1) {
			if !prefixed || slices.Contains(place.Path, provider.Each) || !strings.Contains(role, "/") {
				roles = append(roles, role)
			}
		}
	}
	if prefixed {
		slices.Sort(roles)
	}
	return roles
}

// rolesIn reads the roles below value, which the first steps of the path lead to.
func (r *reader) rolesIn(value any, place provider.Roles, steps int) []string {
	claim := place.Path[0]
	if steps == len(place.Path) {
		return r.roleList(value, place)
	}
	object, ok := value.(map[string]any)
	if step := place.Path[steps]; step != provider.Each {
		value, held := object[step]
		if ok && !held {
			return nil // the object has other members
		}
		return r.rolesIn(value, place, steps+1) // if it is no object, rolesIn refuses the missing value
	}
	if !ok {
		r.fail(claim, "an object")
	}
	var roles []string
	for name, value := range object {
		if strings.Contains(name, "/") {
			continue
		}
		for _, role := range r.rolesIn(value, place, steps+1) {
			roles = append(roles, name+"/"+role)
		}
	}
	return roles
}

// roleList reads the names of an object's members, or an array of roles.
func (r *reader) roleList(value any, place provider.Roles) []string {
	claim := place.Path[0]
	switch object, ok := value.(map[string]any); {
	case place.Objects:
		return r.roleObjects(value, claim)
	case place.Names && !ok:
		r.fail(claim, "an object")
		return nil
	case place.Names:
		return slices.Sorted(maps.Keys(object))
	}
	names, ok := jsonvalue.Strings(value)
	switch {
	case ok:
	case len(place.Path) > 1:
		r.fail(claim, "an object with an array of roles")
	default:
		r.fail(claim, "an array of strings, none of them empty")
	}
	return names
}

// roleObjects reads an array of roles. Each is a string, or an object with the role
// in its member value (RFC 7643, section 2.4).
func (r *reader) roleObjects(value any, claim string) []string {
	list, ok := value.([]any)
	if !ok {
		r.fail(claim, "an array")
	}
	var roles []string
	for _, v := range list {
		if object, ok := v.(map[string]any); ok {
			v = object["value"]
		}
		role, err := plain(v)
		if err != nil {
			r.fail(claim, "an array, each role "+err.Error())
		}
		roles = append(roles, role)
	}
	return roles
}
