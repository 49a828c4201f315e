package policyfile

import (
	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/access"
)

func (r *reader) client(n *yaml.Node) (c access.Client) {
	r.fields(n, r.withPurpose(&c.Purpose, map[string]value{
		"issuer":          r.text("the name of an issuer", &c.Issuer),
		"id":              r.text("a client id", &c.ID),
		"secret":          r.secret(&c.Secret),
		"auth_style":      r.authStyle(&c.AuthStyle),
		"private_key_jwt": r.privateKey(&c.PrivateKey),
		"assertion":       {want: "{file: …}", read: func(n *yaml.Node) { c.Assertion = r.assertion(n) }},
		"mtls":            {want: "{cert: …, key: …}", read: func(n *yaml.Node) { c.Certificate = r.certificate(n) }},
		"token_files":     r.tokenFiles(&c.TokenFiles),
	}))
	return c
}

// privateKey reads a mapping. Like secret, it does not repeat another value in a
// message: it may be the key.
func (r *reader) privateKey(to *access.KeyRef) value {
	const want = "{file: …} or {env: …}, and kid and algorithm"
	return value{want: want, read: func(n *yaml.Node) {
		if n.Kind != yaml.MappingNode {
			r.finding(n, "want %s: keys never stand in this file", want)
			return
		}
		r.fields(n, map[string]value{
			"file":      r.path(&to.File),
			"env":       r.env(&to.Env),
			"kid":       r.text("the id of the key", &to.KeyID),
			"algorithm": r.text("an algorithm such as RS256", &to.Algorithm),
		})
	}}
}

func (r *reader) assertion(n *yaml.Node) (path string) {
	r.fields(n, map[string]value{"file": required(r.path(&path))})
	return path
}

func (r *reader) certificate(n *yaml.Node) (c access.CertificateRef) {
	r.fields(n, map[string]value{
		"cert": required(r.path(&c.File)),
		"key":  required(r.path(&c.KeyFile)),
	})
	return c
}

func (r *reader) tokenFiles(to *map[string]string) value {
	return r.some(named(r, "a mapping from service names to paths", to, func(n *yaml.Node) (path string) {
		r.path(&path).read(n)
		return path
	}))
}

// some requires a mapping to have an entry.
func (r *reader) some(v value) value {
	read := v.read
	v.read = func(n *yaml.Node) {
		if read(n); n.Kind == yaml.MappingNode && len(n.Content) == 0 {
			r.finding(n, "want %s, got an empty one", v.want)
		}
	}
	return v
}

func (r *reader) external(n *yaml.Node) (e access.External) {
	r.fields(n, r.withPurpose(&e.Purpose, map[string]value{
		"issuer":      r.text("the name of an issuer", &e.Issuer),
		"audience":    r.text("the value in aud", &e.Audience),
		"authorities": r.strings("a list of hosts", &e.Authorities),
		"grpc":        r.strings("a list of gRPC services", &e.GRPC),
		"clients":     required(r.strings("a list of client names", &e.Clients)),
		"scopes":      r.strings("a list of scopes", &e.Scopes),
	}))
	return e
}

// askWords are the ways to ask for an audience that are one word.
var askWords = map[string]string{"audience": "audience", "resource": "resource", "nothing": "nothing"}

// ask reads how an audience is asked for: one word, or a mapping.
func (r *reader) ask(to *access.Ask) value {
	const want = "audience, resource, nothing, {scope: …} or {token_urls: …}"
	word := oneOf(r, &to.Parameter, askWords)
	return r.orFields(want, word, map[string]value{
		"scope":      r.text(`a scope such as "{audience}/.default"`, &to.Scope),
		"token_urls": r.texts("a mapping from service names to URLs", &to.TokenURLs),
	})
}

// orFields reads a mapping with these keys. It reads any other value with word.
func (r *reader) orFields(want string, word value, known map[string]value) value {
	mapping := func(n *yaml.Node) { r.fields(n, known) }
	return value{want: want, read: func(n *yaml.Node) {
		switch {
		case r.isProbe(n, func() schema { return r.either(word.read, mapping) }):
		case n.Kind == yaml.MappingNode:
			mapping(n)
		default:
			word.read(n)
		}
		if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
			r.finding(n, "want %s, got an empty mapping", want)
		}
	}}
}

// texts reads a mapping from names to strings that is not empty.
func (r *reader) texts(want string, to *map[string]string) value {
	return r.some(named(r, want, to, func(n *yaml.Node) (text string) {
		r.text("a string", &text).read(n)
		return text
	}))
}
