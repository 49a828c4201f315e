package matrixissuer

import (
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/testutil"
)

// set writes the value at a place, and the objects that lead to it.
func set(c testutil.Claims, place string, value any) {
	path := provider.Path(place)
	members := map[string]any(c)
	for _, step := range path[:len(path)-1] {
		members = member(members, step)
	}
	members[path[len(path)-1]] = value
}

// unset removes the value at a place, if there is one.
func unset(c testutil.Claims, place string) {
	if _, ok := provider.ValueAt(c, place); !ok {
		return
	}
	path := provider.Path(place)
	members := map[string]any(c)
	for _, step := range path[:len(path)-1] {
		members = member(members, step)
	}
	delete(members, path[len(path)-1])
}

// member returns the object of that name in c, which is made if there is none.
func member(c map[string]any, name string) map[string]any {
	m, ok := c[name].(map[string]any)
	if !ok {
		m = map[string]any{}
		c[name] = m
	}
	return m
}
