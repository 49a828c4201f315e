package reach

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/internal/nearest"
)

// Question is what is asked about a policy.
type Question struct {
	policy *access.Policy
	from   []string // the clients
	to     string   // the service, empty for all
	method string   // empty for all

	enforced bool // whether rollouts are left out
}

// Enforced returns the same question about the time when all rollouts have ended.
func (q Question) Enforced() Question {
	q.enforced = true
	return q
}

// Ask returns the question who of from can reach to, SERVICE or SERVICE/METHOD. Empty texts
// mean everybody and everything. An unknown name is an error.
func Ask(policy *access.Policy, from, to string) (Question, error) {
	m := policy.Matrix()
	q := Question{policy: policy, from: files.ClientNames(m)}
	if from != "" {
		if err := files.CheckName("client", from, maps.Keys(m.Clients)); err != nil {
			return q, err
		}
		q.from = []string{from}
	}
	if to == "" {
		return q, nil
	}
	names := files.ServiceNames(m)
	q.to = to
	if at := strings.LastIndexByte(to, '/'); at >= 0 && !slices.Contains(names, to) {
		q.to, q.method = to[:at], to[at+1:]
	}
	if err := files.CheckService(m, q.to, slices.Values(names)); err != nil {
		return q, err
	}
	return q, q.checkMethod(m)
}

// checkMethod returns an error if no call of the method can be admitted, by its name.
func (q Question) checkMethod(m access.Matrix) error {
	s, guarded := m.Services[q.to]
	if q.method == "" || !guarded || slices.ContainsFunc(s.Allow, func(a access.Allow) bool { return slices.Contains(a.Methods, "*") }) {
		return nil
	}
	if err := files.CheckName("method", q.method, slices.Values(methodNames(m, q.to))); err != nil {
		return fmt.Errorf("%s: %w", q.to, err)
	}
	return nil
}

// methodNames returns the methods of a service that the matrix names.
func methodNames(m access.Matrix, service string) []string {
	s := m.Services[service]
	known := append(files.MethodNames(s), s.Closed...)
	for _, entry := range m.Public {
		if of, method, ok := strings.Cut(entry, "/"); ok && (of == service || slices.Contains(s.GRPC, of)) {
			known = append(known, method)
		}
	}
	return known
}

// methodHint says which method may be meant by one that only "*" stands for.
func (q Question) methodHint() string {
	known := methodNames(q.policy.Matrix(), q.to)
	if q.method == "" || slices.Contains(known, q.method) {
		return ""
	}
	if hint := nearest.Hint(q.method, known); hint != "" {
		return fmt.Sprintf("Only an entry with \"*\" is about %q%s", q.method, hint)
	}
	return ""
}

// Answers returns the ways, client by client, and the shortest of each first.
func (q Question) Answers() iter.Seq[Answer] {
	return func(yield func(Answer) bool) {
		reach := q.policy.Reach()
		if q.enforced {
			reach = q.policy.ReachEnforced()
		}
		for _, client := range q.from {
			for p := range reach.From(client) {
				if q.isAbout(p) && !yield(newAnswer(p)) {
					return
				}
			}
		}
	}
}

func (q Question) isAbout(p access.Path) bool {
	if q.to != "" && p.To != q.to {
		return false
	}
	has := slices.Contains(p.Methods, q.method) || slices.Contains(p.Methods, "*") && !slices.Contains(p.Closed, q.method)
	return q.method == "" || has
}

// unknown returns those of the services of which the matrix does not say as which client they
// call on.
func (q Question) unknown(services map[string]bool) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(services)) {
		_, guarded := q.policy.Matrix().Services[name]
		if _, known := q.policy.RunsAs(name); guarded && !known {
			all = append(all, name)
		}
	}
	return all
}
