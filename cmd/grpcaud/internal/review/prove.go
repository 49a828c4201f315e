package review

import (
	"fmt"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// prove tries the rules of a narrower policy. Its error says which call of the records they
// refuse that the matrix admits, or which call they admit that the matrix refuses.
func (p *patcher) prove(narrow *access.Policy) error {
	after := newJudge(narrow, p.set, p.judge.now)
	for _, w := range p.sorted() {
		if !w.verdict.admits() {
			continue
		}
		v, err := after.services[w.service.name].judge(w.method, w.caller, p.judge.now)
		if err != nil || !v.admits() || w.verdict.certain && !w.same && !v.certain {
			return fmt.Errorf("it refuses %s calling %s", output.Printable(called(w.client)), output.Printable(w.method))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.judge.services)) {
		before, now := p.judge.services[name], after.services[name]
		if len(before.entries) == 0 || sameEntries(before.matrix.Allow, now.matrix.Allow) {
			continue
		}
		if err := p.proveNarrower(before, now); err != nil {
			return err
		}
	}
	return nil
}

// sameEntries reports whether two lists of entries have the same clients and methods.
func sameEntries(a, b []access.Allow) bool {
	return slices.EqualFunc(a, b, func(a, b access.Allow) bool {
		return slices.Equal(a.Clients, b.Clients) && slices.Equal(a.Methods, b.Methods)
	})
}

// proveNarrower tries every kind of call of a service: each method, and one that nobody
// names, by each kind of caller.
func (p *patcher) proveNarrower(before, now *service) error {
	var methods []string
	for _, of := range append(slices.Clone(before.matrix.GRPC), before.name) {
		prefix := "/"
		if of == before.name {
			prefix = "" // operations over HTTP
		}
		methods = append(methods, prefix+of+"/AnyOther")
		for method := range before.methods {
			methods = append(methods, prefix+of+"/"+method)
		}
	}
	for _, c := range p.callers(before) {
		for _, held := range append(slices.Clone(before.held), nil) {
			token, err := c.claims(before, p.judge.now, held)
			if err != nil {
				return err
			}
			for _, method := range methods {
				for _, t := range []*claims.Claims{token, nil} {
					if p.admits(now, method, t, held != nil) && !p.admits(before, method, t, held != nil) {
						return fmt.Errorf("it admits %s calling %s", output.Printable(c.client), output.Printable(method))
					}
				}
			}
		}
	}
	return nil
}

// admits reports whether a service admits a call with a token, or without one if that is nil,
// or lets it through in a rollout.
func (p *patcher) admits(s *service, method string, token *claims.Claims, held bool) bool {
	rule := s.rule(method)
	return rule != nil && (rule.Judge(token, presentation(p.judge.now, held)) == nil || token == nil && rule.Optional() || rule.Mode(token, p.judge.now) != access.Enforce)
}

// mostTried is how many clients of a service are tried. All others are like them.
const mostTried = 64

// callers returns callers of a service: clients of its entries and one that no entry names,
// users and services, with sets of the scopes and roles that its rules name.
func (p *patcher) callers(s *service) []caller {
	clients := map[string]bool{}
	for _, a := range s.matrix.Allow {
		for _, client := range a.Clients {
			if len(clients) < mostTried {
				clients[client] = true
			}
		}
	}
	var all []caller
	for _, name := range slices.Sorted(maps.Keys(clients)) {
		client := p.judge.matrix.Clients[name]
		issuer := p.judge.matrix.Issuers[client.Issuer].URL
		all = append(all, caller{issuer: issuer, client: client.ID})
	}
	for _, issuer := range s.guard.Issuers() {
		all = append(all, caller{issuer: issuer.URL, client: "no client of an entry"})
	}
	var each []caller
	for _, c := range all {
		for _, kind := range []decision.Caller{decision.User, decision.Service, decision.UnknownCaller} {
			for _, scopes := range sets(s.scopes) {
				for _, roles := range sets(s.roles) {
					for _, audience := range []addressed{toService, toNobody} {
						each = append(each, caller{c.issuer, c.client, kind, audience, scopes, roles})
					}
				}
			}
		}
	}
	return each
}

// sets returns all sets of at most three names. Of more it returns the empty set, all names,
// and for the first eight each name alone and all names but this one.
func sets(names map[string]int) [][]string {
	all := slices.Sorted(maps.Keys(names))
	some := [][]string{nil}
	if len(all) <= 3 {
		for _, name := range all {
			for _, set := range slices.Clone(some) {
				some = append(some, append(slices.Clone(set), name))
			}
		}
		return some
	}
	some = append(some, all)
	for _, name := range all[:min(len(all), 8)] {
		others := slices.DeleteFunc(slices.Clone(all), func(other string) bool { return other == name })
		some = append(some, []string{name}, others)
	}
	return some
}
