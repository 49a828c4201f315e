package learn

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// plainName matches a name that needs no other one in the matrix.
var plainName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

// plainService matches the name of a service that is kept.
var plainService = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$`)

// reserved are words that mean something in the place of a name.
var reserved = []string{"any", "none"}

// names gives names that nothing else has.
type names map[string]bool

// give returns the name that is wanted, or one like it that is plain and free.
func (n names) give(wanted, otherwise string) string {
	name := wanted
	if !plainName.MatchString(name) || slices.Contains(reserved, name) {
		if name = slug(wanted); name == "" || slices.Contains(reserved, name) {
			name = otherwise
		}
	}
	free := name
	for i := 2; n[free]; i++ {
		free = fmt.Sprintf("%s-%d", name, i)
	}
	n[free] = true
	return free
}

var notPlain = regexp.MustCompile(`[^a-z0-9]+`)

// slug returns a text in small letters, digits and hyphens.
func slug(text string) string {
	name := strings.Trim(notPlain.ReplaceAllString(strings.ToLower(text), "-"), "-")
	return strings.TrimRight(name[:min(len(name), 40)], "-")
}

// issuerName returns a short name of an issuer: the end of its path, or else its host.
func issuerName(iss string) string {
	u, err := url.Parse(iss)
	if err != nil {
		return iss
	}
	if last := path.Base(u.Path); last != "." && last != "/" {
		return last
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// grpcService matches the full name of a gRPC service.
var grpcService = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)

// splitMethod cuts "/grpc.Service/Method", or the operation "service/Operation", which has
// no gRPC service.
func splitMethod(full, service string) (grpc, method string, ok bool) {
	if rest, isMethod := strings.CutPrefix(full, "/"); isMethod {
		grpc, method, ok = strings.Cut(rest, "/")
		return grpc, method, ok && grpcService.MatchString(grpc) && identifier.MatchString(method)
	}
	method, ok = strings.CutPrefix(full, service+"/")
	return "", method, ok && identifier.MatchString(method)
}
