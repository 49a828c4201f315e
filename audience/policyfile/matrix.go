package policyfile

import (
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience"
)

func (r *reader) matrix(n *yaml.Node) (m audience.Matrix) {
	r.fields(n, map[string]value{
		"version":  required(value{want: "the number 1", read: r.version}),
		"issuers":  required(named(r, "a mapping of issuer names", &m.Issuers, r.issuer)),
		"services": required(named(r, "a mapping of service names", &m.Services, r.service)),
		"clients":  named(r, "a mapping of client names", &m.Clients, r.client),
		"public":   r.strings("a list of gRPC services or methods", &m.Public),
	})
	return m
}

func (r *reader) version(n *yaml.Node) {
	if r.is(aNumber, n, "the number 1") && n.Value != "1" {
		r.finding(n, "want version 1, got version %.16s", n.Value)
	}
}

func (r *reader) issuer(n *yaml.Node) (i audience.Issuer) {
	loopback := value{want: "loopback", read: func(n *yaml.Node) {
		r.finding(n, "want loopback, the only value of insecure")
	}}
	r.fields(n, map[string]value{
		"url":       required(r.text("a URL such as https://idp.example.com", &i.URL)),
		"discovery": r.text("a URL", &i.Discovery),
		"jwks":      r.text("a URL", &i.JWKS),
		"preset":    r.text("the name of a preset", &i.Preset),
		"insecure":  r.orWord("loopback", &i.InsecureLoopback, loopback),
	})
	return i
}

func (r *reader) service(n *yaml.Node) (s audience.Service) {
	var issuer string
	r.fields(n, map[string]value{
		"issuer":   r.text("the name of an issuer", &issuer),
		"issuers":  r.strings("a list of issuer names", &s.Issuers),
		"audience": r.stringOrStrings(&s.Audiences),
		"grpc":     required(r.strings("a list of gRPC services such as [acme.orders.v1.OrderStatus]", &s.GRPC)),
		"self":     r.boolean(&s.Self),
		"allow":    r.list("a list of rules", func(n *yaml.Node) { s.Allow = append(s.Allow, r.allow(n)) }),
	})
	switch {
	case issuer != "" && s.Issuers != nil:
		r.finding(n, "both issuer and issuers: want one of them")
	case issuer != "":
		s.Issuers = []string{issuer}
	}
	return s
}

func (r *reader) allow(n *yaml.Node) (a audience.Allow) {
	r.fields(n, map[string]value{
		"clients": required(r.orWord("any", &a.AnyClient, r.strings("any or a list of client names", &a.Clients))),
		"methods": required(r.strings(`a list of method names or ["*"]`, &a.Methods)),
		"scopes":  required(r.orWord("none", &a.NoScopes, r.strings("none or a list of scopes", &a.Scopes))),
	})
	return a
}

func (r *reader) client(n *yaml.Node) (c audience.Client) {
	r.fields(n, map[string]value{
		"issuer": r.text("the name of an issuer", &c.Issuer),
		"id":     r.text("a client id", &c.ID),
		"secret": {read: func(n *yaml.Node) { c.Secret = r.secret(n) }},
	})
	return c
}

// secret looks before it reads: whatever else stands here may be the secret
// itself, so no message may name it.
func (r *reader) secret(n *yaml.Node) (s audience.Secret) {
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 || !slices.Contains([]string{"file", "env"}, n.Content[0].Value) {
		r.finding(n, "want {file: …} or {env: …}: secrets never stand in this file")
		return s
	}
	r.fields(n, map[string]value{
		"file": r.text("the path of a file", &s.File),
		"env":  r.text("the name of an environment variable", &s.Env),
	})
	if s.File != "" && !filepath.IsAbs(s.File) {
		s.File = filepath.Join(r.dir, s.File)
	}
	return s
}
