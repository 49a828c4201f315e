package matrixtest

import (
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// dialectOf returns how the tokens of an issuer are written.
func dialectOf(i access.Issuer) dialect {
	if i.Dialect.IsZero() {
		return dialects[i.Preset]
	}
	d := dialect{custom: &i.Dialect}
	if typ := i.Dialect.Types[0]; typ != "none" {
		d.typ = typ
	}
	return d
}

// customClaims returns the claims of a token of a preset that the matrix describes.
func customClaims(d access.Dialect, tok token) testutil.Claims {
	c := testutil.Claims{"aud": tok.audience}
	for _, claim := range d.Required {
		put(c, claim, "matrixtest")
	}
	for claim, value := range d.Values {
		put(c, claim, value)
	}
	subject := tok.id
	if tok.user {
		subject = d.SubjectPrefix + "alice"
	}
	put(c, orSub(d.Subject), subject)
	if len(d.Client) > 0 {
		put(c, d.Client[0], tok.id)
	}
	for _, caller := range d.CallerClaims {
		if caller.VerifiedBy != "" {
			c[caller.VerifiedBy] = true
		}
	}
	if tok.user {
		for _, mark := range d.Services {
			miss(c, mark)
		}
	} else if len(d.Services) > 0 {
		meetMark(c, d.Services[0], tok.id)
	}
	if len(d.Scopes) > 0 && len(tok.scopes) > 0 {
		put(c, d.Scopes[0], strings.Join(tok.scopes, " "))
	}
	if len(d.Roles) > 0 && len(tok.roles) > 0 {
		putRoles(c, d.Roles[0], tok.roles)
	}
	return c
}

func orSub(subject string) string {
	if subject == "" {
		return "sub"
	}
	return subject
}

// put writes a value at a claim, or inside of objects.
func put(c testutil.Claims, place string, value any) {
	pointer, ok := strings.CutPrefix(place, "/")
	if !ok {
		c[place] = value
		return
	}
	steps := strings.Split(pointer, "/")
	for i, step := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
	}
	object := map[string]any(c)
	for _, step := range steps[:len(steps)-1] {
		inner, _ := object[step].(map[string]any)
		inner = maps.Clone(inner)
		if inner == nil {
			inner = map[string]any{}
		}
		object[step], object = inner, inner
	}
	object[steps[len(steps)-1]] = value
}

// meetMark makes the token of the client of that id its own.
func meetMark(c testutil.Claims, m access.ServiceMark, id string) {
	for claim, value := range m.Equal {
		put(c, claim, strings.NewReplacer("{client}", id, "{client_lower}", strings.ToLower(id), "{client_dex}", dexSubject(id)).Replace(value))
	}
	for _, claim := range m.Present {
		if _, there := c[claim]; !there {
			put(c, claim, "matrixtest")
		}
	}
	for _, claim := range m.Absent {
		delete(c, claim)
	}
}

// miss makes the token a user's, as far as m tells.
func miss(c testutil.Claims, m access.ServiceMark) {
	switch {
	case len(m.Absent) > 0:
		for _, claim := range m.Absent[:1] {
			if _, there := c[claim]; !there {
				put(c, claim, "matrixtest")
			}
		}
	case len(m.Not) > 0:
		claim := slices.Sorted(maps.Keys(m.Not))[0]
		put(c, claim, m.Not[claim])
	case len(m.Equal) == 0:
		for _, claim := range m.Present {
			delete(c, claim)
		}
	}
}

// putRoles writes roles in the form of their place.
func putRoles(c testutil.Claims, p access.RolePlace, roles []string) {
	if before, after, ok := strings.Cut(p.Claim, "*"); ok {
		for _, role := range roles {
			member, name, _ := strings.Cut(role, "/")
			put(c, before+member+after, []string{name})
		}
		return
	}
	if p.As != "names" {
		put(c, p.Claim, roles)
		return
	}
	held := map[string]any{}
	for _, role := range roles {
		held[role] = map[string]string{}
	}
	put(c, p.Claim, held)
}
