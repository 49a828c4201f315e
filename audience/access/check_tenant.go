package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/quote"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// tenants checks the issuers that have a list of tenants, as the file has them. {tenant}
// stands only for listed tenants, whatever a token says.
func (c *checker) tenants(written Matrix, expanded tenants) {
	for _, name := range slices.Sorted(maps.Keys(written.Issuers)) {
		a, issuer := path{"issuers", name}, written.Issuers[name]
		if len(issuer.Tenants) > 0 {
			c.tenantList(a, issuer)
			c.tenantAddresses(a, issuer)
		}
	}
	for _, at := range expanded.clashes {
		before, tenant, _ := cutLast(at.name)
		c.problems = append(c.problems, &Problem{Path: path{at.section, at.name}, Text: fmt.Sprintf("%q stands for %q at tenant %q: give this one another name", at.name, before, tenant)})
	}
}

func (c *checker) tenantList(a path, issuer Issuer) {
	if !strings.Contains(issuer.URL, tenantMark) {
		c.problem(a.to("tenants"), "the url has no %s in it", tenantMark)
	}
	for i, tenant := range issuer.Tenants {
		at := a.item("tenants", i)
		switch {
		case !isTenant(tenant):
			c.problem(at, "%q is not the id of a tenant: want letters, digits and .-_ only", tenant)
		case slices.Contains(issuer.Tenants[:i], tenant):
			c.problem(at, "%q is listed twice", tenant)
		case issuer.isEntra() && (!remedy.IsGUID(tenant) || strings.ToLower(tenant) != tenant):
			c.problem(at, "%q is not what tokens of Entra ID have: write the tenant's id, a GUID in lower case, not its name, common or organizations", tenant)
		}
	}
}

// tenantAddresses checks what the tenants of an issuer share.
func (c *checker) tenantAddresses(a path, issuer Issuer) {
	shared := func(address string) bool {
		return address != "" && len(issuer.Tenants) > 1 && !strings.Contains(address, tenantMark)
	}
	if shared(issuer.Discovery) {
		c.problem(a.to("discovery"), "one metadata document is of one tenant: write %s in it", tenantMark)
	}
	if shared(issuer.TokenURL) {
		c.problem(a.to("token_url"), "one token endpoint is of one tenant: write %s in it", tenantMark)
	}
	for _, service := range slices.Sorted(maps.Keys(issuer.Ask.TokenURLs)) {
		if shared(issuer.Ask.TokenURLs[service]) {
			c.problem(a.to("ask", "token_urls", service), "one token endpoint is of one tenant: write %s in it", tenantMark)
		}
	}
	if issuer.Introspected() && len(issuer.Tenants) > 1 {
		c.problem(a.to("introspection"), "an opaque token does not say which tenant issued it; if the tokens are JWTs, write online_only: true")
	}
	if shared(issuer.Introspection.URL) {
		c.problem(a.to("introspection", "url"), "one introspection endpoint is of one tenant: write %s in it", tenantMark)
	}
	for key, address := range map[string]string{"jwks": issuer.JWKS, "keys_file": issuer.KeysFile} {
		if shared(address) {
			c.warn(a.to(key), "the tenants share these keys: whoever signs for one of them can sign for each; write %s in it if each has its own", tenantMark)
		}
	}
}

// placeholders refuses a url with a placeholder, such as one copied from documentation.
func (c *checker) placeholders(a path, issuer Issuer) {
	words := provider.SharedTenants
	steps := strings.Split(issuer.URL, "/")
	shared := slices.IndexFunc(words, func(word string) bool { return slices.Contains(steps, word) })
	switch {
	case unfilled(issuer.URL) != "":
		c.problem(a.to("url"), "%s is taken literally: variables are not filled in here, so write the value", unfilled(issuer.URL))
	case strings.ContainsAny(issuer.URL, "{}"):
		c.problem(a.to("url"), "%q has a placeholder, and no token has that in iss: write the value; for several tenants write %s there and list them under tenants", issuer.URL, tenantMark)
	case issuer.isEntra() && shared >= 0:
		c.problem(a.to("url"), "no token has %q in iss: it stands for many tenants. Write the id of the tenant in its place; for several write %s there and list them under tenants", words[shared], tenantMark)
	}
}

func (i Issuer) isEntra() bool {
	return slices.Contains(i.Provider().Addresses.IssuerPrefixes, "https://login.microsoftonline.com/")
}

// isTenant reports whether text can be a tenant in an address: it cannot change the host
// or add a step to the path.
func isTenant(text string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	return strings.Trim(text, letters+".-_") == "" && strings.Trim(text, ".-_") != "" && !strings.HasPrefix(text, ".")
}

// standsFor says that a name stands for the issuers of several tenants; empty if it does
// not.
func (c *checker) standsFor(name string) string {
	if all := c.tenantIssuers[name]; len(all) > 0 {
		return "; it has tenants: name one of " + quote.List(all...)
	}
	return ""
}
