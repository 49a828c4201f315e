package matrixtest

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/access"
)

// method is one method of the server, and what the matrix says about it.
type method struct {
	full    string
	service string // of the matrix
	public  bool
	allow   []entry        // the entries about it
	demands []access.Allow // of .proto files, which must hold as well
}

// entry is an entry of allow.
type entry struct {
	access.Allow
	at      string   // its place in the matrix
	issuers []string // of the service, whose tokens it is about
}

// names reports whether e is about the client of tok. If e is for any client, that is
// any client of an issuer whose tokens the service accepts.
func (e entry) names(tok token) bool {
	if e.AnyClient {
		return slices.Contains(e.issuers, tok.issuer)
	}
	return slices.Contains(e.Clients, tok.client)
}

// optional reports whether m may be called without a token.
func (m method) optional() bool {
	return slices.ContainsFunc(m.allow, func(e entry) bool { return e.Optional }) &&
		!slices.ContainsFunc(m.demands, func(a access.Allow) bool { return !a.Optional })
}

// admits reports whether the matrix admits a call with tok.
func (m method) admits(tok token) bool {
	return slices.ContainsFunc(m.allow, func(e entry) bool { return e.names(tok) && tok.fits(e.Allow) }) &&
		!slices.ContainsFunc(m.demands, func(a access.Allow) bool { return !tok.fits(a) })
}

// asks reports whether the issuer is asked about a token that the matrix admits: no entry
// without Online admits it, or the .proto file demands it.
func (m method) asks(tok token) bool {
	return !slices.ContainsFunc(m.allow, func(e entry) bool { return !e.Online && e.names(tok) && tok.fits(e.Allow) }) ||
		slices.ContainsFunc(m.demands, func(a access.Allow) bool { return a.Online })
}

// tokens returns the tokens that tok's client calls with, by their names: for each entry
// that names the client, one token that satisfies the entry and others that lack one
// thing each. A client that no entry names calls with everything that the entries
// demand.
func (m method) tokens(tok token) map[string]token {
	all := map[string]token{}
	everything := tok
	for _, e := range m.allow {
		everything = everything.satisfying(e.Allow)
		if !e.names(tok) {
			continue
		}
		right := tok.satisfying(e.Allow)
		for _, d := range m.demands {
			right = right.satisfying(d)
		}
		all["the right token for "+e.at] = right
		for what, less := range right.lacking() {
			all["the token for "+e.at+" "+what] = less
		}
	}
	if len(all) == 0 {
		all["a token with all that others need"] = everything
	}
	return all
}

// methods returns the methods of a server, sorted by name.
func methods(srv *grpc.Server, matrix access.Matrix, services []string, options []access.MethodOptions) []method {
	var all []method
	for name, registered := range srv.GetServiceInfo() {
		for _, info := range registered.Methods {
			m := method{full: "/" + name + "/" + info.Name}
			m.public = slices.Contains(matrix.Public, name) || slices.Contains(matrix.Public, name+"/"+info.Name)
			for _, service := range services {
				if s := matrix.Services[service]; slices.Contains(s.GRPC, name) {
					m.service, m.allow = service, about(matrix, s, info.Name)
					m.public = m.public || s.HTTP != nil && slices.Contains(matrix.Public, service+"/"+info.Name)
				}
			}
			for _, o := range options {
				if o.GRPC == name && o.Method == info.Name {
					m.demands = append(m.demands, o.Demands)
				}
			}
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b method) int { return strings.Compare(a.full, b.full) })
	return all
}

// about returns the entries of s about a method; none if the method is closed.
func about(matrix access.Matrix, s access.Service, method string) []entry {
	var entries []entry
	if slices.Contains(s.Closed, method) {
		return nil
	}
	for i, a := range s.Allow {
		if slices.Contains(a.Methods, method) || slices.Contains(a.Methods, "*") {
			others := func(name string) bool { return !matrix.Concerns(s, a, matrix.Issuers[name]) }
			entries = append(entries, entry{a, fmt.Sprintf("allow[%d]", i), slices.DeleteFunc(slices.Clone(s.Issuers), others)})
		}
	}
	return entries
}
