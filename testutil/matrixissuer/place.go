package matrixissuer

import (
	"strings"

	"github.com/grpcaud/grpcaud/testutil"
)

// pathOf returns the names that lead to a place in a token: the name of a claim, or, if it
// begins with a slash, a JSON Pointer (RFC 6901) through objects.
func pathOf(place string) []string {
	pointer, ok := strings.CutPrefix(place, "/")
	if !ok {
		return []string{place}
	}
	path := strings.Split(pointer, "/")
	for i, step := range path {
		path[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
	}
	return path
}

// set writes what stands at a place.
func set(c testutil.Claims, place string, value any) {
	path := pathOf(place)
	members := map[string]any(c)
	for _, step := range path[:len(path)-1] {
		members = member(members, step)
	}
	members[path[len(path)-1]] = value
}

// get returns what stands at a place.
func get(c testutil.Claims, place string) (value any, ok bool) {
	members := map[string]any(c)
	path := pathOf(place)
	for _, step := range path[:len(path)-1] {
		members, _ = members[step].(map[string]any)
	}
	value, ok = members[path[len(path)-1]]
	return value, ok
}

// unset removes what stands at a place.
func unset(c testutil.Claims, place string) {
	if _, ok := get(c, place); !ok {
		return
	}
	path := pathOf(place)
	members := map[string]any(c)
	for _, step := range path[:len(path)-1] {
		members = member(members, step)
	}
	delete(members, path[len(path)-1])
}

// member returns the object of that name in c.
func member(c map[string]any, name string) map[string]any {
	m, ok := c[name].(map[string]any)
	if !ok {
		m = map[string]any{}
		c[name] = m
	}
	return m
}
