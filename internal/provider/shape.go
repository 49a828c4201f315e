package provider

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// A shape is the form of the URLs of a provider's issuers. A part in braces stands
// for one label of the host or one step of the path, {host} for any host, and {base}
// for any number of steps, including none.

// anyHost and anySteps are the parts of a shape that stand for several labels or steps.
const (
	anyHost  = "{host}"
	anySteps = "{base}"
)

// ProbableIssuer returns the URL that the issuer at address probably has, if tokens of
// the provider never have address as iss; empty if they may.
func (a Addresses) ProbableIssuer(address string) string {
	cut := a.withoutDocument(address)
	scheme, rest, found := strings.Cut(cut, "://")
	if !found || slices.ContainsFunc(a.Shapes, func(shape string) bool { return fits(shape, rest) }) {
		return unless(cut, address)
	}
	shapes := slices.SortedStableFunc(slices.Values(a.Shapes), func(x, y string) int {
		return cmp.Compare(common(y, rest), common(x, rest))
	})
	for _, shape := range shapes {
		if likely := a.fill(shape, rest); likely != "" {
			return unless(scheme+"://"+likely, address)
		}
	}
	if len(shapes) > 0 && !slices.ContainsFunc(shapes, func(shape string) bool { return strings.HasPrefix(shape, anyHost) }) {
		return a.Issuer
	}
	return unless(cut, address)
}

// common returns how many labels at the end of their hosts two addresses have in common.
func common(a, b string) (n int) {
	host, _ := split(a)
	other, _ := split(b)
	x, y := strings.Split(host, "."), strings.Split(other, ".")
	for n < min(len(x), len(y)) && x[len(x)-1-n] == y[len(y)-1-n] {
		n++
	}
	return n
}

// HasShape reports whether an address has a shape that is specific to the provider.
func (a Addresses) HasShape(address string) bool {
	_, rest, found := strings.Cut(address, "://")
	return found && slices.ContainsFunc(a.Shapes, func(shape string) bool { return !strings.HasPrefix(shape, anyHost) && fits(shape, rest) })
}

// withoutDocument removes from the address of an issuer's metadata or keys what
// follows the issuer's URL.
func (a Addresses) withoutDocument(address string) string {
	cut, _, found := strings.Cut(address, "/.well-known/")
	if !found && a.KeysPath != "" {
		cut, found = strings.CutSuffix(address, a.KeysPath)
	}
	if slices.ContainsFunc(a.Shapes, func(shape string) bool { return strings.HasSuffix(shape, "/") }) && found {
		cut += "/"
	}
	return cut
}

// unless returns text; empty if it equals other.
func unless(text, other string) string {
	if text == other {
		return ""
	}
	return text
}

// fits reports whether an address, without its scheme, has the shape.
func fits(shape, address string) bool {
	host, path := split(address)
	wantHost, wantPath := split(shape)
	if wantHost != anyHost && !matchLabels(wantHost, host, map[string]string{}) {
		return false
	}
	if len(wantPath) > 0 && wantPath[0] == anySteps {
		wantPath = wantPath[1:]
		path = path[max(0, len(path)-len(wantPath)):]
	}
	return slices.EqualFunc(wantPath, path, func(want, got string) bool {
		return want == got || isPart(want) && got != ""
	})
}

// fill returns an address of the shape with the parts that can be taken from another
// address: its host, if that can be one of the provider, and the steps of its path.
// The other parts are those of the example. It is empty if nothing fits the shape.
func (a Addresses) fill(shape, address string) string {
	host, path := split(address)
	wantHost, wantPath := split(shape)
	_, example := split(strings.TrimPrefix(a.Issuer, "https://"))
	bound := map[string]string{}
	switch {
	case wantHost == anyHost, matchLabels(wantHost, host, bound):
	case matchLabels(a.TokenHost, host, bound) || len(bound) == 0 && !strings.Contains(wantHost, "{"):
		host = bind(wantHost, bound)
		if host != wantHost {
			path = nil // the path of a page, and not of the issuer
		}
	default:
		return ""
	}
	var base []string
	if len(wantPath) > 0 && wantPath[0] == anySteps {
		wantPath = wantPath[1:]
		i := slices.Index(path, wantPath[0])
		if i < 0 {
			return ""
		}
		base, path = path[:i], path[i:]
	}
	return strings.Join(slices.Concat([]string{host}, base, fillPath(wantPath, path, example)), "/")
}

// fillPath returns the steps of a shape. A part in braces gets the step at its
// position, or that of the example if there is none.
func fillPath(want, path, example []string) []string {
	steps := slices.Clone(want)
	for i, step := range want {
		switch {
		case !isPart(step):
		case i < len(path) && path[i] != "" && !slices.Contains(want, path[i]):
			steps[i] = path[i]
		case i < len(example):
			steps[i] = example[i]
		}
	}
	return steps
}

// bind returns a pattern of a host with the labels in braces filled in.
func bind(pattern string, bound map[string]string) string {
	for name, label := range maps.All(bound) {
		pattern = strings.ReplaceAll(pattern, name, label)
	}
	return pattern
}

func isPart(step string) bool { return strings.HasPrefix(step, "{") }

// split returns the host and the steps of the path of an address without its scheme.
func split(address string) (host string, path []string) {
	steps := strings.Split(address, "/")
	return steps[0], steps[1:]
}
