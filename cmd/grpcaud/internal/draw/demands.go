package draw

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// demands are what an entry demands of a token, apart from client and method.
type demands struct {
	Scopes     []string            `json:"scopes,omitempty"`
	AnyScopes  []string            `json:"any_scopes,omitempty"`
	Roles      []string            `json:"roles,omitempty"`
	Claims     map[string][]string `json:"claims,omitempty"`
	ACR        []string            `json:"acr,omitempty"`
	MaxAuthAge duration            `json:"max_auth_age,omitempty"`
	Online     bool                `json:"online,omitempty"`
	AnswerAge  duration            `json:"online_max_age,omitempty"`
	Callers    access.CallerKind   `json:"callers,omitempty"`
	Optional   bool                `json:"optional,omitempty"`
}

// duration is written as Go does, with its units: "10m0s".
type duration time.Duration

// MarshalText implements [encoding.TextMarshaler].
func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func demandsOf(a access.Allow) demands {
	return demands{
		Scopes: a.Scopes, AnyScopes: a.AnyScopes, Roles: a.Roles, Claims: a.Claims,
		ACR: a.ACR, MaxAuthAge: duration(a.MaxAuthAge), Online: a.Online, AnswerAge: duration(a.OnlineMaxAge), Callers: a.Callers, Optional: a.Optional,
	}
}

// String writes the demands in words.
func (d demands) String() string {
	var parts []string
	add := func(what string, values []string, separator string) {
		if len(values) > 0 {
			parts = append(parts, what+output.Join(values, separator))
		}
	}
	switch len(d.Scopes) {
	case 0:
	case 1:
		add("scope ", d.Scopes, "")
	default:
		add("scopes ", d.Scopes, " and ")
	}
	add("scope ", d.AnyScopes, " or ")
	add("role ", d.Roles, " or ")
	for _, name := range slices.Sorted(maps.Keys(d.Claims)) {
		add(output.Printable(name)+" = ", d.Claims[name], " or ")
	}
	add("acr ", d.ACR, " or ")
	if d.MaxAuthAge > 0 {
		parts = append(parts, "a login within "+time.Duration(d.MaxAuthAge).String())
	}
	switch {
	case d.Online && d.AnswerAge > 0:
		parts = append(parts, "active at the issuer within "+time.Duration(d.AnswerAge).String())
	case d.Online:
		parts = append(parts, "active at the issuer now")
	}
	if d.Callers != "" {
		parts = append(parts, string(d.Callers)+" only")
	}
	if len(parts) == 0 {
		parts = append(parts, "no scope")
	}
	if d.Optional {
		parts = append(parts, "or no token at all")
	}
	return strings.Join(parts, ", ")
}

// within reports whether each token that meets d meets other.
func (d demands) within(other demands) bool {
	return subset(other.Scopes, d.Scopes) &&
		(oneSuffices(d.AnyScopes, other.AnyScopes) || slices.ContainsFunc(other.AnyScopes, func(s string) bool { return slices.Contains(d.Scopes, s) })) &&
		oneSuffices(d.Roles, other.Roles) &&
		d.claimsWithin(other) &&
		oneSuffices(d.ACR, other.ACR) &&
		(other.MaxAuthAge == 0 || d.MaxAuthAge > 0 && d.MaxAuthAge <= other.MaxAuthAge) &&
		(!other.Online || d.Online && d.AnswerAge <= other.AnswerAge) &&
		(other.Callers == "" || d.Callers == other.Callers) &&
		(other.Optional || !d.Optional)
}

func (d demands) claimsWithin(other demands) bool {
	for name, values := range other.Claims {
		if len(d.Claims[name]) == 0 || !oneSuffices(d.Claims[name], values) {
			return false
		}
	}
	return true
}

// subset reports whether have contains all that are wanted.
func subset(wanted, have []string) bool {
	return !slices.ContainsFunc(wanted, func(s string) bool { return !slices.Contains(have, s) })
}

// oneSuffices reports whether each of these values alone meets other. A list demands
// one of its values, and an empty list nothing.
func oneSuffices(these, other []string) bool {
	return len(other) == 0 || len(these) > 0 && subset(these, other)
}

// Demands writes what an entry demands of a token in words.
func Demands(a access.Allow) string { return demandsOf(a).String() }
