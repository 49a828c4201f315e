package access

import (
	"time"

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
	c.placeholders(a, issuer)
	c.addresses(a, issuer)
	c.trustDomain(a, issuer)
	c.preset(a.to("preset"), issuer)
	c.shape(a.to("url"), issuer)
	for i, iss := range issuer.TokenPreset().Issuers(issuer.URL) {
		at := a.to("url")
		if i > 0 {
			at = a.to("preset")
		}
		if other, taken := c.urls[iss]; taken {
			c.problem(at, "%q has the same iss: a token would not tell which of the two issued it", other)
		}
		c.urls[iss] = a[1]
	}
	c.keys(a, issuer)
	c.times(a, issuer)
	c.introspection(a.to("introspection"), issuer)
	c.tokenRequests(a, issuer)
}

// shape warns of a url that no token of the provider has in iss.
func (c *checker) shape(a path, issuer Issuer) {
	p := issuer.Provider()
	likely := p.Addresses.ProbableIssuer(issuer.URL)
	if likely == "" {
		return
	}
	for _, other := range provider.All() {
		if other.Product == p.Product && other.Addresses.HasShape(issuer.URL) {
			c.warn(a, "tokens of preset %s have another form of iss, such as %q: this is a url of preset %s", p.Preset, likely, other.Preset)
			return
		}
	}
	c.warn(a, "%s writes iss in another form: want %q", p.Product, likely)
}

func (c *checker) keys(a path, issuer Issuer) {
	if issuer.KeysFile != "" && issuer.JWKS != "" {
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
