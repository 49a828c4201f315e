package admission

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
)

// Surface is what a server lets its clients call, which policies must cover.
type Surface struct {
	// Methods are the full names of the gRPC methods.
	Methods []string

	// Check returns why a policy does not cover the operations, for a surface that has
	// these instead of methods; nil for methods.
	Check func(*access.Guard) error

	// Options are what the .proto files demand of the callers of these methods.
	Options []access.MethodOptions

	// OptionsError is why the options cannot be read; nil if they can.
	OptionsError error
}

// CheckCoverage returns why the policy in force does not cover a surface: a
// method has no rule, a rule has no method, or the policy was made without the
// options of a .proto file. [Controller.Swap] also checks later policies against the
// surface. key names the surface; a second surface with the same key replaces it.
func (c *Controller) CheckCoverage(key any, s Surface) error {
	c.swapping.Lock()
	defer c.swapping.Unlock()
	c.surfaces[key] = s
	return s.check(c.guard.Load(), c.options)
}

// check returns why a policy does not cover the surface. guard is the server's part of
// the policy, and given are the options with which the policy was made.
func (s Surface) check(guard *access.Guard, given []access.MethodOptions) error {
	covers := s.Check
	if covers == nil {
		covers = func(guard *access.Guard) error { return guard.CheckCoverage(s.Methods) }
	}
	return errors.Join(covers(guard), s.OptionsError, missingOptions(s.Options, given))
}

// missingOptions returns an error if a policy was not given some of the options
// that the .proto files have. It ends with the lines to add.
func missingOptions(inFiles, given []access.MethodOptions) error {
	const most = 8
	var missing, services []string
	for _, o := range inFiles {
		if o.OnlyHTTP() {
			continue // paths alone demand nothing
		}
		services = append(services, fmt.Sprintf("%q", o.GRPC))
		if instead := givenInstead(o, given); instead != "" {
			missing = append(missing, fmt.Sprintf("%s/%s has options at %s, and the policy was made %s", o.GRPC, o.Method, o.Place, instead))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if more := len(missing) - most; more > 0 {
		missing = append(missing[:most], fmt.Sprintf("and so for %d methods more", more))
	}
	return fmt.Errorf(`%s; make each policy of this server, those for Swap too, with

	options, err := protopolicy.FromFiles(protoregistry.GlobalFiles, %s)
	policy, err := policyfile.Load("access.yaml", options...)

(policyfile.Watch takes policyfile.WatchMethodOptions(options...), access.New takes options...)`,
		strings.Join(missing, "; "), strings.Join(slices.Compact(services), ", "))
}

// givenInstead says which options the policy has instead of o; empty if it has o.
func givenInstead(o access.MethodOptions, given []access.MethodOptions) string {
	instead := "without them"
	for _, g := range given {
		switch {
		case sameOptions(o, g):
			return ""
		case g.GRPC == o.GRPC && g.Method == o.Method:
			instead = "with others, from " + g.Place
		}
	}
	return instead
}

// sameOptions reports whether a and b demand the same of the same method, wherever
// they were read.
func sameOptions(a, b access.MethodOptions) bool {
	return reflect.DeepEqual(canonical(a), canonical(b))
}

// canonical returns the canonical form of o: options with the same meaning have the
// same form.
func canonical(o access.MethodOptions) access.MethodOptions {
	o.Place, o.Demands.Methods, o.HTTP = "", nil, nil // paths demand nothing
	for _, list := range []*[]string{&o.Demands.Clients, &o.Demands.Scopes, &o.Demands.AnyScopes, &o.Demands.Roles, &o.Demands.ACR} {
		*list = sortedSet(*list)
	}
	if len(o.Demands.Claims) == 0 {
		o.Demands.Claims = nil
	}
	return o
}

// sortedSet returns the values of a list, sorted and without duplicates; nil if there
// are none.
func sortedSet(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return slices.Compact(slices.Sorted(slices.Values(list)))
}
