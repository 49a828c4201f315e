package review

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// narrowing is what becomes of one entry.
type narrowing struct {
	service *service
	entry   int
	remove  bool            // the whole entry
	clients map[string]bool // those that go, by their names in the file
	methods []string        // those that stay or stand for "*"; nil for no change
}

// narrowings returns what can be narrowed, and why something is left alone.
func (u *uses) narrowings() (all []narrowing, left []string) {
	for _, name := range slices.Sorted(maps.Keys(u.judge.services)) {
		s := u.judge.services[name]
		switch {
		case len(s.entries) == 0:
		case !u.complete:
		case u.services[s.number].Records == 0:
			left = append(left, "services."+name+": no records of it; was its log given?")
		default:
			of, why := u.narrowingsOf(s)
			all, left = append(all, of...), append(left, why...)
		}
	}
	if !u.complete {
		left = append(left, "what has no record: "+u.whyUnknown())
	}
	return all, left
}

// narrowingsOf is [uses.narrowings] for one service.
func (u *uses) narrowingsOf(s *service) (all []narrowing, left []string) {
	removed := 0
	for i := range s.entries {
		n, changes := u.narrowing(s, i)
		if n.remove {
			removed++
		}
		switch {
		case changes && s.declared:
			left = append(left, s.entries[i].Name+": its rule is in a .proto file; change it there")
		case changes:
			all = append(all, n)
		}
		left = append(left, u.stays(s, i, n)...)
	}
	lasts := slices.ContainsFunc(s.matrix.Rollout, func(o access.Rollout) bool { return o.Until.After(u.judge.now) })
	if lasts && removed == len(s.entries) {
		return nil, append(left, "services."+s.name+": nobody used its entries, and its rollout would let every call through if it had none; end the rollout first")
	}
	return all, left
}

// narrowing returns what becomes of one entry, and whether that is a change.
func (u *uses) narrowing(s *service, entry int) (narrowing, bool) {
	a, methods := s.matrix.Allow[entry], u.methodsOf(s, entry)
	n := narrowing{service: s, entry: entry, clients: map[string]bool{}}
	used, calls := map[string]bool{}, map[string]bool{}
	for _, client := range clientsOf(a) {
		for _, method := range methods {
			if u.keeps(s, entry, client, method) {
				used[u.fileName(client)], calls[method] = true, true
			}
		}
	}
	if len(used) == 0 {
		n.remove = true
		return n, true
	}
	for _, client := range a.Clients {
		if name := u.fileName(client); !used[name] {
			n.clients[name] = true
		}
	}
	if stay := narrowed(a.Methods, calls); !slices.Equal(stay, a.Methods) {
		n.methods = stay
	}
	return n, len(n.clients) > 0 || n.methods != nil
}

// narrowed returns the methods of a list that were called; those that only "*" stands for
// are in its place.
func narrowed(methods []string, calls map[string]bool) []string {
	var kept []string
	for _, method := range methods {
		switch {
		case method == descriptor.EveryMethod:
			for _, call := range slices.Sorted(maps.Keys(calls)) {
				if !slices.Contains(methods, call) {
					kept = append(kept, call)
				}
			}
		case calls[method]:
			kept = append(kept, method)
		}
	}
	return kept
}

// keeps reports whether a grant stays: it was used, or a rollout is about the method.
func (u *uses) keeps(s *service, entry int, client, method string) bool {
	return u.of(s, entry, client, method).Records > 0 || u.rollsOut(s, method)
}

// rollsOut reports whether a rollout names a method, which must then keep a rule, or has let
// calls of it through.
func (u *uses) rollsOut(s *service, method string) bool {
	return slices.ContainsFunc(s.matrix.Rollout, func(o access.Rollout) bool {
		return slices.Contains(o.Methods, method) || o.Until.After(u.judge.now) && u.observed[s][method]
	})
}

// fileName returns the name of a client in the file: several clients, one for each tenant of
// an issuer, have one.
func (u *uses) fileName(client string) string {
	if i := strings.LastIndexByte(client, '/'); i >= 0 && u.judge.policy.Place("clients", client) == "" {
		return client[:i]
	}
	return client
}

// stays says what of an entry is left though nobody used it.
func (u *uses) stays(s *service, entry int, n narrowing) []string {
	var left []string
	a := s.matrix.Allow[entry]
	if n.remove || s.declared {
		return nil
	}
	for _, client := range a.Clients {
		var missing []string
		for _, method := range u.methodsOf(s, entry) {
			stays := n.methods == nil && slices.Contains(a.Methods, method) || slices.Contains(n.methods, method)
			if stays && u.of(s, entry, client, method).Records == 0 {
				missing = append(missing, method)
			}
		}
		if len(missing) > 0 && !n.clients[u.fileName(client)] {
			left = append(left, fmt.Sprintf("%s: %s never called %s, which others call by this entry or a rollout is about", s.entries[entry].Name, client, output.Few(missing)))
		}
	}
	return left
}

// apply returns a service with these narrowings of its entries, and the methods that are to
// be closed, since no entry is about them any more.
func (u *uses) apply(s *service, all []narrowing) (narrow access.Service, closed []string) {
	narrow = s.matrix
	narrow.Allow = slices.Clone(s.matrix.Allow)
	gone := map[int]bool{}
	for _, n := range all {
		a := &narrow.Allow[n.entry]
		gone[n.entry] = n.remove
		a.Clients = slices.DeleteFunc(slices.Clone(a.Clients), func(client string) bool { return n.clients[u.fileName(client)] })
		if len(a.Clients) == 0 {
			a.Clients = nil
		}
		if n.methods != nil {
			a.Methods = n.methods
		}
	}
	var stay []access.Allow
	for i, a := range narrow.Allow {
		if !gone[i] {
			stay = append(stay, a)
		}
	}
	narrow.Allow = stay
	closed = u.uncovered(s, stay)
	narrow.Closed = slices.Concat(s.matrix.Closed, closed)
	return narrow, closed
}

// uncovered returns the methods that entries of s are about, and none of these.
func (u *uses) uncovered(s *service, stay []access.Allow) []string {
	about := func(all []access.Allow, method string) bool {
		return slices.ContainsFunc(all, func(a access.Allow) bool { return covers(a, method) })
	}
	isPublic := func(method string) bool {
		return slices.ContainsFunc(append(slices.Clone(s.matrix.GRPC), s.name), func(of string) bool {
			return slices.Contains(u.judge.matrix.Public, of+"/"+method)
		})
	}
	var all []string
	for _, method := range slices.Sorted(maps.Keys(s.methods)) {
		if about(s.matrix.Allow, method) && !about(stay, method) && !slices.Contains(s.matrix.Closed, method) && !isPublic(method) {
			all = append(all, method)
		}
	}
	return all
}
