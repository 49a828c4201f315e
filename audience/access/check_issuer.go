package access

import (
	"net/url"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/loopback"
	"github.com/grpcaud/grpcaud/internal/nearest"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// maxLeeway is the widest difference of clocks that may be allowed for: RFC
// 9068, section 4, speaks of no more than a few minutes.
const maxLeeway = 5 * time.Minute

// algorithms are the names of the asymmetric signature algorithms (RFC 7518,
// section 3.1, RFC 8037 and RFC 9864).
var algorithms = []string{
	"ES256", "ES384", "ES512", "Ed25519", "EdDSA",
	"PS256", "PS384", "PS512", "RS256", "RS384", "RS512",
}

func (c *checker) issuer(a path, issuer Issuer) {
	if issuer.URL == "" {
		c.problem(a.to("url"), "no url: write the iss of its tokens")
	}
	c.url(a.to("url"), issuer.URL, issuer)
	c.url(a.to("discovery"), issuer.Discovery, issuer)
	c.url(a.to("jwks"), issuer.JWKS, issuer)
	if _, ok := claims.LookupPreset(issuer.Preset); !ok {
		c.problem(a.to("preset"), "unknown preset %q%s; there are %s", issuer.Preset, nearest.Hint(issuer.Preset, claims.Presets()), strings.Join(claims.Presets(), ", "))
	}
	if p, _ := provider.Lookup(issuer.Preset); p.Addresses.NoFinalSlash && strings.HasSuffix(issuer.URL, "/") {
		c.warn(a.to("url"), "%s writes no slash at the end of iss: want %q", p.Product, strings.TrimRight(issuer.URL, "/"))
	}
	if other, taken := c.urls[issuer.URL]; taken {
		c.problem(a.to("url"), "%q has the same url: a token would not tell which of the two issued it", other)
	}
	c.urls[issuer.URL] = a[1]
	c.keys(a, issuer)
	c.times(a, issuer)
	c.introspection(a.to("introspection"), issuer)
	c.tokenRequests(a, issuer)
}

func (c *checker) keys(a path, issuer Issuer) {
	if issuer.KeysFile != "" && (issuer.JWKS != "" || issuer.Discovery != "") {
		c.problem(a.to("keys_file"), "both a file and an address for the keys; write one")
	}
	for i, algorithm := range issuer.Algorithms {
		c.algorithm(a.item("algorithms", i), algorithm)
	}
}

func (c *checker) times(a path, issuer Issuer) {
	if issuer.Leeway < 0 || issuer.Leeway > maxLeeway {
		c.problem(a.to("leeway"), "want between 0 and %v, got %v", maxLeeway, issuer.Leeway)
	}
	if issuer.MaxLifetime < 0 {
		c.problem(a.to("max_lifetime"), "want more than 0, got %v", issuer.MaxLifetime)
	}
	if issuer.MaxAge < 0 {
		c.problem(a.to("max_age"), "want more than 0, got %v", issuer.MaxAge)
	}
}

// url checks an address of an issuer, if there is one: https, without query,
// fragment and user (RFC 8414, section 2).
func (c *checker) url(a path, address string, issuer Issuer) {
	u, err := url.Parse(address)
	switch {
	case address == "":
	case err != nil || u.Host == "" || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		c.problem(a, "%q is not an absolute URL, such as https://idp.example.com", address[strings.LastIndexByte(address, '@')+1:]) // the part before @ may hold a password
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil:
		c.problem(a, "%q must have neither query, nor fragment, nor user", u.Redacted())
	case u.Scheme == "http" && issuer.InsecureLoopback && loopback.Host(u.Hostname()):
	case u.Scheme != "https":
		c.problem(a, "%q is not https; plain http is accepted on a loopback address only, with insecure: loopback", address)
	}
}
