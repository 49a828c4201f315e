package policyfile

import (
	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// preset reads the name of a preset, or a mapping that describes one.
func (r *reader) preset(i *access.Issuer) value {
	const want = "the name of a preset, or a mapping that describes one"
	name := r.among(claims.Presets(), r.text("the name of a preset", &i.Preset))
	mapping := func(n *yaml.Node) { i.Dialect = r.dialect(n) }
	return value{want: want, read: func(n *yaml.Node) {
		switch {
		case r.isProbe(n, func() schema { return r.either(name.read, mapping) }):
		case n.Kind == yaml.MappingNode:
			mapping(n)
		case r.is(aString, n, want):
			i.Preset = n.Value
		}
	}}
}

func (r *reader) dialect(n *yaml.Node) (d access.Dialect) {
	r.fields(n, map[string]value{
		"types":                   required(r.strings("a list of typ headers such as [at+jwt]; none for tokens without one", &d.Types)),
		"client":                  r.stringOrStrings(&d.Client),
		"client_optional":         r.boolean(&d.ClientOptional),
		"sole_audience_is_client": r.boolean(&d.SoleAudienceIsClient),
		"not_client":              r.texts(`a mapping from azp or client_id to "*", or to what it ends with after a star`, &d.NotClient),
		"caller_claims":           r.callerClaims(&d.CallerClaims),
		"subject":                 r.text("a claim or a path such as /user/id", &d.Subject),
		"subject_prefix":          r.text("what each subject begins with", &d.SubjectPrefix),
		"subject_optional":        r.boolean(&d.SubjectOptional),
		"required":                r.strings("a list of claims such as [jti]", &d.Required),
		"values":                  r.texts("a mapping from claims to texts", &d.Values),
		"forbidden":               r.orWord("none", &d.NoForbidden, r.strings("none or a list of claims such as [nonce, at_hash]", &d.Forbidden)),
		"issuer_aliases":          r.strings("a list of other spellings of url", &d.IssuerAliases),
		"scopes":                  r.stringOrStrings(&d.Scopes),
		"scope_lists":             r.boolean(&d.ScopeLists),
		"roles":                   r.rolePlaces(&d.Roles),
		"role_scope":              r.text("a scope such as groups", &d.RoleScope),
		"services":                r.services(&d),
		"services_uncertain":      r.boolean(&d.UncertainServices),
		"client_account":          {want: "{claim: …, value: …}", read: func(n *yaml.Node) { d.ClientAccount = r.accountMark(n) }},
		"audiences":               oneOf(r, &d.Audiences, map[string]access.Audiences{"any": access.AnyAudience, "granted": access.GrantedAudiences, "none": access.NoAudience}),
		"max_lifetime":            r.duration(&d.MaxLifetime),
		"ask":                     r.askWord(&d.Ask),
		"exchange":                r.askWord(&d.Exchange),
		"exchange_audience":       r.boolean(&d.ExchangeAudience),
		"on_behalf_of":            r.boolean(&d.OnBehalfOf),
	})
	return d
}

// items reads one item or a list of items. An item is a string or a mapping.
func (r *reader) items(want string, text func(string), mapping func(*yaml.Node)) value {
	item := func(n *yaml.Node) {
		switch {
		case r.isProbe(n, func() schema { return r.either(r.text("the name of a claim", new(string)).read, mapping) }):
		case n.Kind == yaml.MappingNode:
			mapping(n)
		case r.is(aString, n, "the name of a claim, or a mapping"):
			text(n.Value)
		}
	}
	list := r.list(want, item)
	return value{want: want, read: func(n *yaml.Node) {
		switch {
		case r.isProbe(n, func() schema { return r.either(r.text("the name of a claim", new(string)).read, list.read) }):
		case n.Kind == yaml.SequenceNode:
			list.read(n)
		default:
			item(n)
		}
	}}
}

func (r *reader) callerClaims(to *[]access.CallerClaim) value {
	return r.items("a claim or a list of claims that say who calls",
		func(claim string) { *to = append(*to, access.CallerClaim{Claim: claim}) },
		func(n *yaml.Node) {
			var c access.CallerClaim
			r.fields(n, map[string]value{
				"claim":       required(r.text("the name of a claim", &c.Claim)),
				"verified_by": r.text("the name of a claim that must be true", &c.VerifiedBy),
			})
			*to = append(*to, c)
		})
}

func (r *reader) rolePlaces(to *[]access.RolePlace) value {
	return r.items("a claim, a path such as /realm_access/roles, or a list of them",
		func(claim string) { *to = append(*to, access.RolePlace{Claim: claim}) },
		func(n *yaml.Node) {
			var p access.RolePlace
			r.fields(n, map[string]value{
				"claim": required(r.text("a claim or a path such as /realm_access/roles", &p.Claim)),
				"as":    oneOf(r, &p.As, map[string]string{"names": "names", "objects": "objects"}),
			})
			*to = append(*to, p)
		})
}

// services reads how tokens of services differ from tokens of users.
func (r *reader) services(d *access.Dialect) value {
	const want = "all, none, or a list of conditions such as [{absent: [sub]}]"
	return r.orWord("all", &d.AllServices, r.orWord("none", &d.NoServices, r.list(want, func(n *yaml.Node) {
		var m access.ServiceMark
		r.fields(n, map[string]value{
			"equal":   r.texts("a mapping from claims to texts", &m.Equal),
			"present": r.strings("a list of claims", &m.Present),
			"absent":  r.strings("a list of claims", &m.Absent),
			"not":     r.texts("a mapping from claims to texts", &m.Not),
		})
		d.Services = append(d.Services, m)
	})))
}

func (r *reader) accountMark(n *yaml.Node) (m access.AccountMark) {
	r.fields(n, map[string]value{
		"claim": required(r.text("the name of a claim", &m.Claim)),
		"value": required(r.text("a text with {client} in it", &m.Value)),
	})
	return m
}

// askWord reads how an audience is asked for: a word, or a scope.
func (r *reader) askWord(to *access.Ask) value {
	return r.orFields("audience, resource, nothing or {scope: …}", oneOf(r, &to.Parameter, askWords), map[string]value{
		"scope": required(r.text(`a scope such as "{audience}/.default"`, &to.Scope)),
	})
}
