package learn

import (
	"slices"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// addAudience adds the aud of a call.
func (s *observedService) addAudience(aud []string) {
	if !s.addressed {
		s.shared, s.addressed = slices.Clone(aud), true
		return
	}
	s.shared = slices.DeleteFunc(s.shared, func(v string) bool { return !slices.Contains(aud, v) })
}

// audience returns the value by which all calls of a service name it: its name, or else the
// only one that they share, beside those that a provider writes by itself. It is empty if they
// share none or several: whoever makes all of the calls could have added the others.
func (s *observedService) audience(name string) string {
	if slices.Contains(s.shared, name) {
		return name
	}
	shared := slices.Compact(slices.Sorted(slices.Values(s.shared)))
	if len(shared) > 1 {
		shared = slices.DeleteFunc(shared, func(v string) bool {
			_, _, byProvider := provider.LookupDefaultAudience(v)
			return byProvider
		})
	}
	if len(shared) != 1 {
		return ""
	}
	return shared[0]
}
