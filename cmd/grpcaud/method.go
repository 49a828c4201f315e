package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
)

// method returns the full name of the method that is meant: the one that is
// named, or else one that the client may call. It ends in everyMethod where the
// matrix names none, and there are no descriptors.
func (a *asker) method(named string) (string, error) {
	s, ours := a.policy.Matrix().Services[a.target.Service]
	if !ours {
		return a.foreign(named)
	}
	if named == "" {
		named = a.first(s)
	}
	t, err := targetAt(a.policy, a.target.Service, named)
	if err != nil {
		return "", err
	}
	return t.method, nil
}

// first returns a method that the client may call, as far as can be told: the
// first that an entry names which is about the client, or any entry, or that the
// descriptors have.
func (a *asker) first(s access.Service) string {
	var names []string
	for _, allow := range s.Allow {
		if allow.AnyClient || slices.Contains(allow.Clients, a.name) {
			names = append(names, allow.Methods...)
		}
	}
	names = slices.Concat(names, methodNames(s), a.set.methods[s.GRPC[0]])
	names = slices.DeleteFunc(names, func(m string) bool { return m == everyMethod || slices.Contains(s.Closed, m) })
	names = append(names, everyMethod)
	for _, grpc := range s.GRPC {
		if slices.Contains(a.set.methods[grpc], names[0]) {
			return grpc + "/" + names[0]
		}
	}
	return s.GRPC[0] + "/" + names[0]
}

// foreign returns a method of an API of others.
func (a *asker) foreign(named string) (string, error) {
	grpc, method, full := strings.Cut(strings.TrimPrefix(named, "/"), "/")
	switch {
	case full:
		return "/" + grpc + "/" + method, nil
	case len(a.target.GRPC) == 1 && named != "":
		return "/" + a.target.GRPC[0] + "/" + named, nil
	}
	return "", fmt.Errorf("name the method of %q with its gRPC service, such as acme.parcels.v1.Parcels/Track", a.target.Service)
}

// misspelled tells of a method of ours that the file does not name, though it
// names one like it; empty if there is none.
func (a *asker) misspelled(full string) string {
	t, err := targetAt(a.policy, a.target.Service, full)
	if err != nil {
		return "" // an API of others
	}
	return t.misspelled()
}

// unnamed stands for the methods that the matrix does not name.
const unnamed = "AnyOther"

// targetAt is newTarget for everyMethod, too, which means the methods that the
// matrix does not name.
func targetAt(policy *access.Policy, service, method string) (*target, error) {
	if path.Base(method) != everyMethod {
		return newTarget(policy, service, method)
	}
	t, err := newTarget(policy, service, strings.TrimSuffix(method, everyMethod)+unnamed)
	if err == nil {
		t.method = strings.TrimSuffix(t.method, unnamed) + everyMethod
	}
	return t, err
}
