package access

import (
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/quote"
)

// hold checks that the statements under never hold. What is asked of the matrix is checked
// before: with an unknown name there is no way to follow.
func (c *checker) hold(p *Policy) {
	if len(p.matrix.Never) == 0 || len(c.problems) > 0 {
		return
	}
	r, left := newReach(p, c.now), maxSteps
	groups := byThrough(p.matrix.Never)
	for _, through := range slices.Sorted(maps.Keys(groups)) {
		at, ok := r.index[through]
		if !ok {
			at = none
		}
		for client := range r.clients {
			if left = c.holdFrom(r, int32(client), at, groups[through], left); left < 0 {
				c.problem(path{"never"}, "not proven: to follow all ways takes more than %d steps; name fewer clients under from, or write fewer statements with through", maxSteps)
				return
			}
		}
	}
}

// maxSteps limits the work for all statements together, which is some seconds: a file of
// somebody else cannot keep a server from starting in time.
const maxSteps = 1 << 28

// numbered is a statement with its number in the list.
type numbered struct {
	number int
	Never
}

// byThrough groups the statements by the service that ways come through: one search tells of
// all of a group.
func byThrough(all []Never) map[string][]numbered {
	groups := map[string][]numbered{}
	for i, n := range all {
		groups[n.Through] = append(groups[n.Through], numbered{i, n})
	}
	return groups
}

// holdFrom checks the statements about one client. It returns how many steps are left; less
// than 0 if there were too few.
func (c *checker) holdFrom(r *Reach, client, through int32, statements []numbered, steps int) (left int) {
	var open []numbered
	for _, n := range statements {
		if n.isFrom(r.clients[client]) {
			open = append(open, n)
		}
	}
	if len(open) == 0 {
		return steps
	}
	broken := map[int]bool{}
	s := newSearch(r, client, through, func(p Path) bool {
		for _, n := range open {
			if broken[n.number] || p.To != n.To || !n.isAbout(p.User) {
				continue
			}
			if set := n.concerns(setOf(p.Methods, p.Closed)); !set.empty() {
				broken[n.number] = true
				c.broken(n, p, set)
			}
		}
		return len(broken) < len(open)
	})
	s.left = steps
	s.run()
	for _, n := range open {
		if unknown := s.unknown(n.To); unknown != "" && !broken[n.number] {
			c.unproven(n, r.clients[client], unknown)
		}
	}
	return s.left
}

// broken reports a statement with the way that breaks it.
func (c *checker) broken(n numbered, p Path, set methodSet) {
	methods, _ := set.names()
	text := quote.List(p.From) + " can reach " + p.To + "/" + strings.Join(methods, ", ")
	if p.User == UserLost {
		text += " without the user"
	}
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, &Problem{Path: path{}.item("never", n.number), Text: text + ": " + p.From, Proof: p.Hops()})
	}
}

// unproven reports a statement that a service on the way leaves open.
func (c *checker) unproven(n numbered, client, service string) {
	fix := "write runs_as there, or runs_as: none"
	if _, ok := c.declared[service]; ok {
		fix = "only .proto options define it, so write it under services, with its entries and runs_as, or leave its file out"
	}
	c.problem(path{}.item("never", n.number), "not proven: %s can reach %s, and the matrix does not say as which client that calls on: %s", quote.List(client), quote.List(service), fix)
}

// unknown returns a service on the ways of a search, other than their end, of which is not
// known as which client it calls on; empty if there is none.
func (s *search) unknown(end string) string {
	for i := range s.reach.services {
		at := &s.reach.services[i]
		states := s.reached[i*int(userEnds)*2 : (i+1)*int(userEnds)*2]
		if at.name != end && !at.external && at.callsOn && len(at.runsAs) == 0 && slices.Contains(states, true) {
			return at.name
		}
	}
	return ""
}
