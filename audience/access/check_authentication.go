package access

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/tokentype"
)

// authentication checks how a client authenticates.
func (c *checker) authentication(a path, client Client) {
	if ways := client.ways(); len(ways) > 1 {
		c.problem(a.to(ways[1]), "both %s: a client authenticates in one way", strings.Join(ways, " and "))
	}
	c.secret(a.to("secret"), client.Secret)
	key := client.PrivateKey
	c.secret(a.to("private_key_jwt"), SecretRef{key.File, key.Env})
	if key != (KeyRef{}) && key.File == "" && key.Env == "" {
		c.problem(a.to("private_key_jwt"), "no key: name the file or environment variable that holds it")
	}
	if key.Algorithm != "" {
		c.algorithm(a.to("private_key_jwt", "algorithm"), key.Algorithm)
	}
	c.certificate(a.to("mtls"), client.Certificate)
	c.authStyle(a.to("auth_style"), client.AuthStyle)
	if client.AuthStyle != "" && client.Secret == (SecretRef{}) {
		c.problem(a.to("auth_style"), "auth_style says how a secret is sent, and the client has none")
	}
	for _, service := range slices.Sorted(maps.Keys(client.TokenFiles)) {
		c.callee(a.to("token_files", service), service)
		if client.TokenFiles[service] == "" {
			c.problem(a.to("token_files", service), "no path")
		}
	}
}

// ways lists how a client authenticates, by the keys of the file.
func (c Client) ways() []string {
	return used([]way{
		{"secret", c.Secret != SecretRef{}},
		{"private_key_jwt", c.PrivateKey != KeyRef{}},
		{"assertion", c.Assertion != ""},
		{"mtls", c.Certificate != CertificateRef{}},
		{"token_files", len(c.TokenFiles) > 0},
	})
}

// way is a way to authenticate, by the key of the file.
type way struct {
	name string
	used bool
}

func used(ways []way) (names []string) {
	for _, w := range ways {
		if w.used {
			names = append(names, w.name)
		}
	}
	return names
}

func (c *checker) certificate(a path, cert CertificateRef) {
	if (cert.File == "") != (cert.KeyFile == "") {
		c.problem(a, "want both cert and key")
	}
}

func (c *checker) authStyle(a path, style string) {
	if !slices.Contains([]string{"", "basic", "post"}, style) {
		c.problem(a, "want basic or post, got %q", style)
	}
}

// tokenRequests checks what the clients of an issuer send to it, and get from it.
func (c *checker) tokenRequests(a path, issuer Issuer) {
	c.ask(a, issuer)
	c.authStyle(a.to("auth_style"), issuer.AuthStyle)
	c.assertionAudience(a.to("assertion_audience"), issuer)
	if issuer.TokenType != "" {
		if err := tokentype.CheckAlias(issuer.TokenType); err != nil {
			c.problem(a.to("token_type"), "%v", err)
		}
	}
}

// assertionAudience refuses the audience of another issuer: whoever gets such an
// assertion could present it there.
func (c *checker) assertionAudience(a path, issuer Issuer) {
	audience := issuer.AssertionAudience
	if slices.Contains([]string{"", "issuer", "token_endpoint"}, audience) {
		return
	}
	if !strings.Contains(audience, "://") {
		c.problem(a, "want issuer, token_endpoint, or the address that the issuer has for its token endpoint, got %q", audience)
		return
	}
	if what := issuer.unsafe(audience); what != "" {
		c.problem(a, "%s", what)
		return
	}
	own := slices.Clone(issuer.Provider().Addresses.Hosts)
	for _, address := range []string{issuer.URL, issuer.TokenURL} {
		own = append(own, hostname(address))
	}
	for _, host := range issuer.Hosts {
		own = append(own, hostname("//"+host))
	}
	if host := hostname(audience); host != "" && !slices.Contains(own, host) {
		c.problem(a, "%q is not a host of this issuer: whoever gets an assertion could present it there", host)
	}
	if other := c.issuerAt(audience); other != "" && other != a[1] && audience != issuer.TokenURL {
		c.problem(a, "%q is an address of issuer %q: whoever gets an assertion could present it there", audience, other)
	}
}

// issuerAt returns the name of the issuer that an address belongs to: the one with the
// longest url above it, or with that token endpoint; empty if there is none.
func (c *checker) issuerAt(address string) (name string) {
	longest := 0
	for _, one := range slices.Sorted(maps.Keys(c.matrix.Issuers)) {
		issuer := c.matrix.Issuers[one]
		above := strings.TrimSuffix(issuer.URL, "/")
		if address == issuer.TokenURL {
			return one
		}
		if (address == above || strings.HasPrefix(address, above+"/")) && len(above) > longest {
			name, longest = one, len(above)
		}
	}
	return name
}

func hostname(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// introspection checks that the service authenticates to the issuer, as RFC 7662,
// section 2.1 requires, unless the file has insecure: no_authentication.
func (c *checker) introspection(a path, issuer Issuer) {
	in := issuer.Introspection
	if in == (Introspection{}) {
		return
	}
	c.secret(a.to("secret"), in.Secret)
	c.certificate(a.to("mtls"), in.Certificate)
	ways := in.ways()
	switch {
	case len(ways) > 1:
		c.problem(a.to(ways[1]), "both %s: the service authenticates in one way, or not at all", strings.Join(ways, " and "))
	case in.InsecureNoAuthentication:
		c.noAuthentication(a, in)
		return
	case len(ways) == 0:
		c.problem(a.to("secret"), "no secret: name the file or environment variable with the secret of client %q, or under mtls its certificate; if the endpoint authenticates nobody, write insecure: no_authentication", in.ClientID)
	}
	if in.Certificate != (CertificateRef{}) && strings.HasPrefix(in.URL, "http://") {
		c.problem(a.to("url"), "%q is not https, and a certificate is presented over https alone", in.URL)
	}
	if in.ClientID == "" {
		c.problem(a.to("client"), "no client: write the id by which the service authenticates to the issuer")
	}
}

// noAuthentication checks an introspection without authentication. Its endpoint is
// written down, since the metadata document names one that authenticates clients.
func (c *checker) noAuthentication(a path, in Introspection) {
	if in.ClientID != "" {
		c.problem(a.to("client"), "both client and insecure: no_authentication; write one")
	}
	if in.URL == "" {
		c.problem(a.to("url"), "no url: with insecure: no_authentication, write the address of the endpoint")
	}
	c.warn(a.to("insecure"), "the introspection endpoint is asked without authentication: nobody but your services may reach it")
}
