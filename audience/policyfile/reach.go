package policyfile

import (
	"slices"
	"strconv"
	"strings"
)

// reach knows which scopes request a token for a service, at issuers that determine
// the audience by scopes: "orders" at Keycloak, "orders/read" at Cognito,
// "api://orders/.default" at Entra, "urn:zitadel:iam:org:project:id:orders:aud".
type reach struct {
	first     string
	names     map[string][]holder // the services by their audiences, and by their prefixes without the slash
	templates []string            // of scopes, with {audience}
}

func newReach(f *files, holders []holder) *reach {
	r := &reach{first: f.readers[0].file, names: map[string][]holder{}}
	for _, h := range holders {
		if h.isAPI() {
			continue
		}
		values := h.audiences()
		if prefix := h.service.InsecureNoAudience; prefix != "" {
			values = append(slices.Clip(values), strings.TrimSuffix(prefix, "/"))
		}
		for _, value := range values {
			r.names[value] = append(r.names[value], h)
		}
	}
	for _, issuer := range f.matrix.Issuers {
		known := issuer.Provider().Request
		for _, template := range []string{issuer.Ask.Scope, known.Audience.Scope, known.Exchange.Scope} {
			if template != "" {
				r.templates = append(r.templates, template)
			}
		}
	}
	return r
}

// scopes reports the scopes of h with which its clients get tokens for a service of
// another file: they could use the scopes there.
func (r *reach) scopes(h holder) {
	for i, allow := range h.service.Allow {
		at := []string{"allow", strconv.Itoa(i)}
		r.list(h, append(at, "scopes"), allow.Scopes)
		r.list(h, append(slices.Clip(at), "any_scopes"), allow.AnyScopes)
	}
	r.list(h, []string{"scopes"}, h.api.Scopes)
}

func (r *reach) list(h holder, at, scopes []string) {
	for i, scope := range scopes {
		n := h.node(append(slices.Clip(at), strconv.Itoa(i))...)
		parts, few := r.parts(scope)
		if !few {
			h.file.finding(n, "a scope of more than %d parts: only %s can have it", mostParts, r.first)
			continue
		}
		for _, part := range parts {
			others := r.names[part]
			if j := slices.IndexFunc(others, func(o holder) bool { return o.file != h.file }); j >= 0 {
				h.file.finding(n, "scope %q may get a token for %q at %s: only that file may have it", scope, others[j].name, others[j].place())
				break
			}
		}
	}
}

// mostParts limits the work for one scope.
const mostParts = 32

// parts returns the parts of a scope that may be an audience; few is false if there
// are too many.
func (r *reach) parts(scope string) (parts []string, few bool) {
	if strings.Count(scope, ":")+strings.Count(scope, "/") > mostParts {
		return nil, false
	}
	parts = []string{scope}
	for i, c := range scope {
		switch c {
		case '/':
			parts = append(parts, scope[:i])
		case ':':
			rest := scope[i+1:]
			parts = append(parts, rest)
			for j, c := range rest {
				if c == ':' {
					parts = append(parts, rest[:j])
				}
			}
		}
	}
	for _, template := range r.templates {
		before, after, _ := strings.Cut(template, "{audience}")
		if middle, ok := strings.CutPrefix(scope, before); ok && strings.HasSuffix(middle, after) {
			parts = append(parts, strings.TrimSuffix(middle, after))
		}
	}
	return parts, true
}
