package interceptor

import (
	"cmp"
	"fmt"

	"github.com/grpcaud/grpcaud/tokensource/clientauth"
)

// origin says where the client's credential and its issuer are configured, for errors.
func (p *plan) origin() clientauth.Origin {
	_, issuer, _ := p.policy.Client(p.name) // which newPlan has found
	o := clientauth.Origin{Issuer: issuer.Place}
	c := p.settings.client
	file, env, key := "", "", ""
	switch {
	case c.Secret.File != "" || c.Secret.Env != "":
		o.Kind, key, file, env = "secret", "secret", c.Secret.File, c.Secret.Env
	case c.PrivateKey.File != "" || c.PrivateKey.Env != "":
		o.Kind, key, file, env = "key", "private_key_jwt", c.PrivateKey.File, c.PrivateKey.Env
	case c.Assertion != "":
		o.Kind, key, file = "assertion", "assertion", c.Assertion
	case c.Certificate.File != "":
		o.Kind, key, file = "certificate", "mtls", c.Certificate.File
	}
	o.Place = "environment variable " + env
	if file != "" {
		o.Place = "file " + file
	}
	if place := p.credentialPlace(key); place != "" {
		o.Place += fmt.Sprintf(" (%s)", place)
	}
	return o
}

// credentialPlace returns the file and the line that say how the client authenticates;
// empty if they are not known.
func (p *plan) credentialPlace(key string) string {
	return cmp.Or(p.policy.Place("clients", p.name, key), p.policy.Place("clients", p.name))
}

// atCredential adds to an error about a client's credential where the matrix names it.
func (p *plan) atCredential(err error) error {
	key := "secret"
	if p.settings.client.PrivateKey.Env != "" {
		key = "private_key_jwt"
	}
	if place := p.credentialPlace(key); place != "" {
		return fmt.Errorf("%w (%s)", err, place)
	}
	return err
}
