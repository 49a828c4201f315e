package access

import (
	"strings"

	"github.com/grpcaud/grpcaud/internal/spiffe"
)

// spiffePreset is the preset of issuers that can have a trust domain.
const spiffePreset = "spiffe"

// trustDomain returns the trust domain of the tokens of i: TrustDomain, else the one that
// the URL names; empty if there is none.
func (i Issuer) trustDomain() string {
	if name, ok := strings.CutPrefix(i.URL, spiffe.Scheme); ok && i.TrustDomain == "" && i.Preset == spiffePreset {
		return name
	}
	return i.TrustDomain
}

// trustDomain checks the trust domain of an issuer. Only JWT-SVIDs have one, and no two
// issuers can have the same, since it selects the issuer of a token without iss.
func (c *checker) trustDomain(a path, issuer Issuer) {
	domain := issuer.TrustDomain
	if domain == "" {
		return
	}
	switch {
	case issuer.Preset != spiffePreset:
		c.problem(a.to("trust_domain"), "only tokens of preset %s have one", spiffePreset)
	case !spiffe.IsTrustDomain(domain):
		c.problem(a.to("trust_domain"), "%q is not a trust domain: want its name alone, such as example.org; as a url it is spiffe://example.org", domain)
	case strings.HasPrefix(issuer.URL, spiffe.Scheme) && issuer.URL != spiffe.Scheme+domain:
		c.problem(a.to("trust_domain"), "the url names another trust domain than %q", domain)
	case issuer.Introspection != (Introspection{}):
		c.problem(a.to("introspection"), "JWT-SVIDs are not introspected: the keys of the trust domain verify them")
	}
	if other, taken := c.trustDomains[domain]; taken {
		c.problem(a.to("trust_domain"), "%q has the same trust domain: a token without iss would not tell which of the two issued it", other)
	}
	c.trustDomains[domain] = a[1]
}
