package learn

import (
	"cmp"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// audiencesOf returns the least set of values by which the calls of a service name it: one
// that all have, if there is one, and rather one that no call of another service has. used
// says how many services have calls with a value. It is nil if a call has no aud.
func (s *observedService) audiencesOf(name string, used map[string]int) []string {
	if s.many {
		return nil
	}
	if s.all(name) {
		return []string{name}
	}
	var values []string
	left := slices.Collect(maps.Values(s.audiences))
	for len(left) > 0 {
		best := bestOf(left, used)
		if best == "" {
			return nil
		}
		values = append(values, best)
		left = slices.DeleteFunc(left, func(aud []string) bool { return slices.Contains(aud, best) })
	}
	slices.Sort(values)
	return values
}

// all reports whether each call has the value in its aud.
func (s *observedService) all(value string) bool {
	for _, aud := range s.audiences {
		if !slices.Contains(aud, value) {
			return false
		}
	}
	return len(s.audiences) > 0
}

// bestOf returns the value that most of these aud have; of several, one that the calls of
// fewest services have. The values that a provider writes by itself come last.
func bestOf(auds [][]string, used map[string]int) string {
	in := map[string]int{}
	for _, aud := range auds {
		for _, v := range slices.Compact(slices.Sorted(slices.Values(aud))) {
			in[v]++
		}
	}
	delete(in, "")
	if len(in) == 0 {
		return ""
	}
	own := func(v string) int {
		if _, _, byProvider := provider.LookupDefaultAudience(v); byProvider {
			return 1
		}
		return 0
	}
	return slices.MinFunc(slices.Collect(maps.Keys(in)), func(a, b string) int {
		return cmp.Or(cmp.Compare(own(a), own(b)), cmp.Compare(in[b], in[a]), cmp.Compare(used[a], used[b]), cmp.Compare(a, b))
	})
}

// usedAudiences says how many services have calls with each value of aud.
func usedAudiences(services map[string]*observedService) map[string]int {
	used := map[string]int{}
	for _, s := range services {
		values := map[string]bool{}
		for _, aud := range s.audiences {
			for _, v := range aud {
				values[v] = true
			}
		}
		for v := range values {
			used[v]++
		}
	}
	return used
}
