package matrixissuer

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
)

// deriveLocked returns the policy with the same rules, for the played issuers.
func (i *Issuers) deriveLocked(policy *access.Policy) (*access.Policy, error) {
	m := policy.Matrix()
	names := newVariables(m)
	for _, name := range slices.Sorted(maps.Keys(m.Clients)) {
		c, err := i.clientLocked(name, m.Clients[name], names)
		if err != nil {
			return nil, fmt.Errorf("matrixissuer: client %q: %w", name, err)
		}
		m.Clients[name] = c
	}
	for _, name := range slices.Sorted(maps.Keys(m.Issuers)) {
		m.Issuers[name] = i.issuerLocked(name, m, names)
	}
	played, err := access.New(m, policy.GivenOptions()...)
	if err != nil {
		return nil, err
	}
	return played.WithGeneration(policy.Generation()).WithPlaces(policy.Place), nil
}

// issuerLocked returns the entry of a played issuer. It keeps the settings about the
// content of tokens, and no address of keys and tokens.
func (i *Issuers) issuerLocked(name string, m access.Matrix, names variables) access.Issuer {
	from := m.Issuers[name]
	to := access.Issuer{
		URL: from.URL, Preset: from.Preset, Dialect: from.Dialect, Leeway: from.Leeway, MaxLifetime: from.MaxLifetime, MaxAge: from.MaxAge,
		RequireBound: from.RequireBound, Ask: access.Ask{Parameter: "audience"},
	}
	if from.Provider().Request.Alternative != "" {
		to.Preset = "" // clients of this preset have tokens in files, and request none
	}
	u, err := url.Parse(from.URL)
	switch {
	case i.options.base != "":
		to.URL, to.InsecureLoopback = i.options.base+"/"+segment(name), strings.HasPrefix(i.options.base, "http:")
	case err == nil && u.Scheme == "http" && slices.Contains(from.InsecureHosts, u.Hostname()):
		to.InsecureHosts = []string{u.Hostname()} // such as login.localhost, for browsers
	case err != nil || u.Scheme != "https" || u.Host == "":
		to.URL = "https://issuer.test/" + segment(name)
	}
	if in := from.Introspection; in != (access.Introspection{}) {
		in.ClientID = cmp.Or(in.ClientID, "introspection") // an endpoint here is never without authentication
		secret := shellName(in.Secret.Env)
		for _, c := range m.Clients { // which may be the same client
			if c.Issuer == name && c.ID == in.ClientID {
				secret = c.Secret.Env
			}
		}
		if secret == "" {
			secret = names.of(in.ClientID + "-introspection")
		}
		to.Introspection = access.Introspection{ClientID: in.ClientID, Secret: i.secretLocked(secret), OnlineOnly: in.OnlineOnly}
	}
	return to
}

// segment returns the name of an issuer as a part of a URL. It replaces each step of the
// name that has other characters than letters, digits, - and _ by a digest.
func segment(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if !regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(part) {
			digest := sha256.Sum256([]byte(part))
			parts[i] = hex.EncodeToString(digest[:8])
		}
	}
	return strings.Join(parts, "/")
}

// writtenName returns the name of a client in the file: without the tenant, if the name of
// its issuer ends in the same tenant.
func writtenName(client, issuer string) string {
	if at := strings.LastIndexByte(issuer, '/'); at >= 0 {
		return strings.TrimSuffix(client, issuer[at:])
	}
	return client
}

// clientLocked returns the entry of a client, with a new secret or certificate.
func (i *Issuers) clientLocked(name string, from access.Client, names variables) (access.Client, error) {
	to := access.Client{Issuer: from.Issuer, ID: from.ID}
	written := writtenName(name, from.Issuer)
	if from.Certificate == (access.CertificateRef{}) || i.options.certify == nil {
		env := shellName(from.Secret.Env)
		if env == "" {
			env = names.of(written)
		}
		to.Secret = i.secretLocked(env)
		return to, nil
	}
	c, ok := i.certificates[written]
	if !ok {
		var err error
		if c.ref, c.cert, err = i.options.certify(written); err != nil {
			return to, err
		}
		i.certificates[written] = c
	}
	to.Certificate = c.ref
	return to, nil
}

// secretLocked returns a reference to the secret in an environment variable, and makes the
// secret if there is none.
func (i *Issuers) secretLocked(env string) access.SecretRef {
	i.secrets[env] = cmp.Or(i.secrets[env], i.options.secret(env))
	return access.SecretRef{Env: env}
}
