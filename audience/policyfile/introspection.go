package policyfile

import (
	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/access"
)

// introspection reads a mapping, which must not be empty.
func (r *reader) introspection(to *access.Introspection) value {
	return r.some(value{want: "a mapping with client and secret", read: func(n *yaml.Node) {
		r.fields(n, map[string]value{
			"url":         r.text("a URL", &to.URL),
			"client":      r.text("a client id", &to.ClientID),
			"secret":      r.secret(&to.Secret),
			"mtls":        {want: "{cert: …, key: …}", read: func(n *yaml.Node) { to.Certificate = r.certificate(n) }},
			"online_only": r.boolean(&to.OnlineOnly),
			"insecure":    oneOf(r, &to.InsecureNoAuthentication, map[string]bool{"no_authentication": true}),
		})
	}})
}

// authStyle reads how a client's secret is sent.
func (r *reader) authStyle(to *string) value {
	return oneOf(r, to, map[string]string{"basic": "basic", "post": "post"})
}
