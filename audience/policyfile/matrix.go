package policyfile

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/access"
)

func (r *reader) matrix(n *yaml.Node) (m access.Matrix) {
	r.fields(n, map[string]value{
		"version":  required(value{want: "the number 1", read: r.version}),
		"includes": r.list("a list of files such as [teams/*.yaml]", r.include),
		"issuers":  named(r, "a mapping of issuer names", &m.Issuers, r.issuer),
		"services": named(r, "a mapping of service names", &m.Services, r.service),
		"clients":  named(r, "a mapping of client names", &m.Clients, r.client),
		"external": named(r, "a mapping of names", &m.External, r.external),
		"public":   r.strings("a list of gRPC services or methods", &m.Public),
		"never":    r.list("a list of statements such as {from: customer-portal, to: human-resource}", func(n *yaml.Node) { m.Never = append(m.Never, r.never(n)) }),
	})
	return m
}

func (r *reader) version(n *yaml.Node) {
	if r.is(aNumber, n, "the number 1") && n.Value != "1" {
		r.finding(n, "want version 1, got version %.16s", n.Value)
	}
}

func (r *reader) issuer(n *yaml.Node) (i access.Issuer) {
	r.fields(n, map[string]value{
		"url":                required(r.text("a URL such as https://idp.example.com", &i.URL)),
		"tenants":            r.strings("a list of ids of tenants", &i.Tenants),
		"trust_domain":       r.text("the name of a trust domain such as example.org", &i.TrustDomain),
		"discovery":          r.text("a URL", &i.Discovery),
		"hosts":              r.strings("a list of hosts such as [keys.example.com]", &i.Hosts),
		"jwks":               r.text("a URL", &i.JWKS),
		"keys_file":          r.path(&i.KeysFile),
		"ca_file":            r.path(&i.CAFile),
		"preset":             r.preset(&i),
		"algorithms":         r.strings("a list of algorithms such as [RS256]", &i.Algorithms),
		"leeway":             r.duration(&i.Leeway),
		"max_lifetime":       r.duration(&i.MaxLifetime),
		"max_age":            r.duration(&i.MaxAge),
		"bound":              oneOf(r, &i.RequireBound, map[string]bool{"required": true}),
		"introspection":      r.introspection(&i.Introspection),
		"token_url":          r.text("a URL", &i.TokenURL),
		"ask":                r.ask(&i.Ask),
		"parameters":         r.texts("a mapping from parameters to values", &i.Ask.Parameters),
		"assertion_audience": r.text("issuer, token_endpoint, or a URL", &i.AssertionAudience),
		"auth_style":         r.authStyle(&i.AuthStyle),
		"token_type":         r.text("a token_type such as BearerToken", &i.TokenType),
		"insecure":           r.insecure(&i),
	})
	return i
}

// insecure reads where plain http is accepted: a word, or a mapping.
func (r *reader) insecure(to *access.Issuer) value {
	const want = "loopback or {host: …}"
	word := r.among([]string{"loopback"}, r.scalar(want, func(text string) bool {
		to.InsecureLoopback = text == "loopback"
		return to.InsecureLoopback
	}))
	return r.orFields(want, word, map[string]value{"host": required(r.stringOrStrings(&to.InsecureHosts))})
}

func (r *reader) service(n *yaml.Node) (s access.Service) {
	var issuer string
	grpc := r.strings("a list of gRPC services such as [acme.orders.v1.OrderStatus]", &s.GRPC)
	http, _ := child(n, "http")
	grpc.required = http == nil && n != probe
	r.fields(n, r.withPurpose(&s.Purpose, map[string]value{
		"issuer":               r.text("the name of an issuer", &issuer),
		"issuers":              r.strings("a list of issuer names", &s.Issuers),
		"audience":             r.stringOrStrings(&s.Audiences),
		"sole_audience":        r.boolean(&s.SoleAudience),
		"insecure_no_audience": {want: "{scope_prefix: …} or {roles: […]}", read: func(n *yaml.Node) { r.noAudience(n, &s) }},
		"authorities":          r.strings("a list of hosts such as [orders.example.com]", &s.Authorities),
		"grpc":                 grpc,
		"http":                 r.http(&s.HTTP),
		"self":                 r.boolean(&s.Self),
		"rollout":              r.list("a list of rollouts", func(n *yaml.Node) { s.Rollout = append(s.Rollout, r.rollout(n)) }),
		"allow":                r.list("a list of rules", func(n *yaml.Node) { s.Allow = append(s.Allow, r.allow(n)) }),
		"closed":               r.strings("a list of the names of methods that nobody may call", &s.Closed),
		"runs_as":              r.orWord("none", &s.CallsNobody, r.stringOrStrings(&s.RunsAs)),
	}))
	switch {
	case issuer != "" && s.Issuers != nil:
		r.finding(n, "both issuer and issuers: want one of them")
	case issuer != "":
		s.Issuers = []string{issuer}
	}
	return s
}

// noAudience reads what a token has in place of the audience.
func (r *reader) noAudience(n *yaml.Node, s *access.Service) {
	r.fields(n, map[string]value{
		"scope_prefix": r.text("the beginning of its scopes, such as orders/", &s.InsecureNoAudience),
		"roles":        r.strings("a list of roles that only this service has", &s.InsecureNoAudienceRoles),
	})
	if n.Kind == yaml.MappingNode && n != probe && len(n.Content) == 0 {
		r.finding(n, "want {scope_prefix: …} or {roles: […]}, got an empty mapping")
	}
}

func (r *reader) rollout(n *yaml.Node) (o access.Rollout) {
	r.fields(n, map[string]value{
		"mode":    required(oneOf(r, &o.Mode, map[string]access.Mode{"observe": access.Observe, "warn": access.Warn})),
		"until":   required(r.date(&o.Until)),
		"methods": r.strings("a list of method names", &o.Methods),
		"clients": r.strings("a list of client names", &o.Clients),
	})
	return o
}

func (r *reader) allow(n *yaml.Node) (a access.Allow) {
	scopes := r.orWord("none", &a.NoScopes, r.strings("none or a list of scopes", &a.Scopes))
	anyScopes, _ := child(n, "any_scopes")
	scopes.required = anyScopes == nil && n != probe
	r.fields(n, r.withPurpose(&a.Purpose, map[string]value{
		"clients":        required(r.orWord("any", &a.AnyClient, r.strings("any or a list of client names", &a.Clients))),
		"methods":        required(r.strings(`a list of method names or ["*"]`, &a.Methods)),
		"scopes":         scopes,
		"any_scopes":     r.strings("a list of scopes", &a.AnyScopes),
		"roles":          r.strings("a list of roles", &a.Roles),
		"claims":         r.claims(&a.Claims),
		"acr":            r.strings("a list of acr values", &a.ACR),
		"max_auth_age":   r.duration(&a.MaxAuthAge),
		"online":         r.boolean(&a.Online),
		"online_max_age": r.duration(&a.OnlineMaxAge),
		"callers":        oneOf(r, &a.Callers, map[string]access.CallerKind{"users": access.UsersOnly, "services": access.ServicesOnly}),
		"optional":       r.boolean(&a.Optional),
	}))
	return a
}

// claims reads a mapping, which must not be empty.
func (r *reader) claims(to *map[string][]string) value {
	const want = "a mapping of claim names"
	return r.some(named(r, want, to, func(n *yaml.Node) (values []string) {
		r.list("a list of values", func(n *yaml.Node) {
			if n.Tag == aBoolean || n.Tag == aNumber {
				r.finding(n, "want a string, got %s; quote it if the claim is a string: others cannot be demanded", kinds[n.Tag])
			} else if r.is(aString, n, "a string") {
				values = append(values, n.Value)
			}
		}).read(n)
		return values
	}))
}

// secret checks the kind of the value first: a value of any other kind may be the
// secret itself, so no message may repeat it.
func (r *reader) secret(to *access.SecretRef) value {
	const want = "{file: …} or {env: …}"
	return value{want: want, read: func(n *yaml.Node) {
		if n != probe && (n.Kind != yaml.MappingNode || len(n.Content) != 2 || !slices.Contains([]string{"file", "env"}, n.Content[0].Value)) {
			r.finding(n, "want %s: secrets never stand in this file", want)
			return
		}
		r.fields(n, map[string]value{
			"file": r.path(&to.File),
			"env":  r.env(&to.Env),
		})
	}}
}
