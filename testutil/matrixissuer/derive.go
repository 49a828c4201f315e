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

// deriveLocked returns the policy of the same rules, for the issuers here.
func (i *Issuers) deriveLocked(policy *access.Policy) (*access.Policy, error) {
	m := policy.Matrix()
	taken := takenVariables(m)
	for _, name := range slices.Sorted(maps.Keys(m.Clients)) {
		c, err := i.clientLocked(name, m.Clients[name], taken)
		if err != nil {
			return nil, fmt.Errorf("matrixissuer: client %q: %w", name, err)
		}
		m.Clients[name] = c
	}
	for _, name := range slices.Sorted(maps.Keys(m.Issuers)) {
		m.Issuers[name] = i.issuerLocked(name, m, taken)
	}
	return access.New(m, policy.GivenOptions()...)
}

// issuerLocked returns the entry of an issuer here. It keeps what is about the content of
// tokens, and nothing of where keys and tokens come from.
func (i *Issuers) issuerLocked(name string, m access.Matrix, taken map[string]bool) access.Issuer {
	from := m.Issuers[name]
	to := access.Issuer{
		URL: from.URL, Preset: from.Preset, Leeway: from.Leeway, MaxLifetime: from.MaxLifetime, MaxAge: from.MaxAge,
		RequireBound: from.RequireBound, Ask: access.Ask{Parameter: "audience"},
	}
	if providerOf(from).Request.Alternative != "" {
		to.Preset = "" // its clients get their tokens from files, and from no issuer
	}
	u, err := url.Parse(from.URL)
	switch {
	case i.options.base != "":
		to.URL, to.InsecureLoopback = i.options.base+"/"+segment(name), strings.HasPrefix(i.options.base, "http:")
	case err != nil || u.Scheme != "https" || u.Host == "":
		to.URL = "https://issuer.test/" + segment(name)
	}
	if in := from.Introspection; in.ClientID != "" {
		secret := shellName(in.Secret.Env)
		for _, c := range m.Clients { // which may be the same client
			if c.Issuer == name && c.ID == in.ClientID {
				secret = c.Secret.Env
			}
		}
		if secret == "" {
			secret = variable(in.ClientID+"-introspection", taken)
		}
		to.Introspection = access.Introspection{ClientID: in.ClientID, Secret: i.secretLocked(secret)}
	}
	return to
}

// shellName returns the name of an environment variable if a shell can set it; else it is
// empty.
func shellName(env string) string {
	if regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(env) {
		return env
	}
	return ""
}

// segment returns the name of an issuer as a part of a URL: another text where the name has
// other characters than letters, digits, - and _.
func segment(name string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(name) {
		return name
	}
	digest := sha256.Sum256([]byte(name))
	return hex.EncodeToString(digest[:8])
}

// clientLocked returns the entry of a client here: with a secret, or with a certificate.
func (i *Issuers) clientLocked(name string, from access.Client, taken map[string]bool) (access.Client, error) {
	to := access.Client{Issuer: from.Issuer, ID: from.ID}
	if from.Certificate == (access.CertificateRef{}) || i.options.certify == nil {
		env := shellName(from.Secret.Env)
		if env == "" {
			env = variable(name, taken)
		}
		to.Secret = i.secretLocked(env)
		return to, nil
	}
	c, ok := i.certificates[name]
	if !ok {
		var err error
		if c.ref, c.cert, err = i.options.certify(name); err != nil {
			return to, err
		}
		i.certificates[name] = c
	}
	to.Certificate = c.ref
	return to, nil
}

// secretLocked refers to the secret in an environment variable, which is made if there is
// none.
func (i *Issuers) secretLocked(env string) access.SecretRef {
	i.secrets[env] = cmp.Or(i.secrets[env], i.options.secret(env))
	return access.SecretRef{Env: env}
}

// takenVariables are the environment variables that the matrix names.
func takenVariables(m access.Matrix) map[string]bool {
	taken := map[string]bool{}
	for _, c := range m.Clients {
		taken[c.Secret.Env] = true
	}
	for _, i := range m.Issuers {
		taken[i.Introspection.Secret.Env] = true
	}
	return taken
}

// variable returns the name of an environment variable for the secret of a client:
// CUSTOMER_PORTAL_SECRET for customer-portal, with a number if that is taken.
func variable(client string, taken map[string]bool) string {
	letters := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, strings.ToUpper(client))
	if letters == "" || letters[0] >= '0' && letters[0] <= '9' {
		letters = "CLIENT_" + letters
	}
	name := letters + "_SECRET"
	for n := 2; taken[name]; n++ {
		name = fmt.Sprintf("%s_SECRET_%d", letters, n)
	}
	taken[name] = true
	return name
}
