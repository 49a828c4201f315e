package mesh

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// Issuer is an issuer whose tokens a proxy verifies.
type Issuer struct {
	// Name is its name in the matrix.
	Name string

	// Settings are its settings in the matrix.
	Settings access.Issuer

	// URLs are the possible values of iss.
	URLs []string

	// Must are the conditions on each of its tokens, for any service.
	Must All

	token       provider.Token
	addresses   provider.Addresses
	userSubject All // tells a user's token from one that was exchanged for a client's
}

func newIssuer(name string, matrix access.Matrix) Issuer {
	settings := matrix.Issuers[name]
	p := settings.Provider()
	i := Issuer{Name: name, Settings: settings, URLs: settings.TokenPreset().Issuers(settings.URL), token: p.Token, addresses: p.Addresses}
	for _, claim := range slices.Sorted(maps.Keys(i.token.Values)) {
		i.Must = append(i.Must, oneOf([]string{i.token.Values[claim]}, claim))
	}
	for _, claim := range i.token.Required {
		i.Must = append(i.Must, present(claim))
	}
	if i.token.ClientRequired {
		i.Must = append(i.Must, present(i.token.Clients[0]))
	}
	// No proxy compares the certificate that a token is bound to.
	for _, claim := range append(slices.Clone(i.token.Forbidden), "cnf") {
		i.Must = append(i.Must, absent(claim))
	}
	i.userSubject = i.notAClient(matrix.Clients)
	return i
}

// notAClient demands a subject that is no known client: the subject of an exchanged token
// is that of the original one, which may have been a client's own (RFC 8693, section 4.1).
func (i Issuer) notAClient(clients map[string]access.Client) All {
	if i.token.Service.Proxy.UsersLogIn {
		return nil
	}
	var ids []string
	for _, c := range clients {
		if c.Issuer == i.Name {
			ids = append(ids, c.ID)
		}
	}
	slices.Sort(ids)
	all := All{{Claim: []string{"sub"}, Values: ids, Not: true}}
	if account := i.token.Service.Account; account != nil {
		end := strings.TrimPrefix(account.Value, provider.Client)
		all = append(all, Condition{Claim: []string{account.Claim}, Values: []string{end}, Not: true, Suffix: true})
	}
	return all
}

// Types returns the accepted typ headers, in lower case and without "application/"; an
// empty one is an absent header.
func (i Issuer) Types() []string { return i.token.Types }

// Scopes returns the claims that may hold scopes.
func (i Issuer) Scopes() []string { return i.token.Scopes }

// unsupported says why no proxy can judge the tokens of i; empty if one can.
func (i Issuer) unsupported() string {
	switch {
	case i.Settings.Introspected():
		return "its tokens are opaque, and the issuer must be asked about each"
	case i.Settings.RequireBound:
		return "its tokens are bound to the certificate of the client"
	case len(i.token.Clients) == 0:
		return "its tokens name no client"
	case hasPaths(i.token):
		return "its preset names claims inside of objects, or another subject than sub"
	case i.Settings.TrustDomain != "":
		return "trust_domain: a proxy selects the keys by iss alone, and compares no trust domain"
	case i.Settings.MaxAge != 0:
		return "max_age: how long ago a token was issued is not compared with the clock"
	}
	return ""
}

// hasPaths reports whether a value stands inside of an object, other than a role, or the
// subject in another claim.
func hasPaths(t provider.Token) bool {
	places := slices.Concat(t.Clients, t.Scopes, t.Required, t.Forbidden, slices.Collect(maps.Keys(t.Values)))
	return t.Subject != "" && t.Subject != "sub" || slices.ContainsFunc(places, func(p provider.Place) bool { return strings.HasPrefix(p, "/") })
}

// JWKS returns the address of the keys, without asking the issuer; empty if it is not
// known.
func (i Issuer) JWKS() string {
	if i.Settings.JWKS != "" {
		return i.Settings.JWKS
	}
	plain := i.Settings.InsecureLoopback || len(i.Settings.InsecureHosts) > 0
	isAddress := strings.HasPrefix(i.Settings.URL, "https://") || plain && strings.HasPrefix(i.Settings.URL, "http://")
	if i.addresses.KeysPath == "" || !isAddress {
		return i.addresses.KeysURL
	}
	return strings.TrimSuffix(i.Settings.URL, "/") + i.addresses.KeysPath
}

// Leeway returns the allowed difference between the clocks.
func (i Issuer) Leeway() time.Duration { return cmp.Or(i.Settings.Leeway, access.DefaultLeeway) }

// MaxLifetime returns the longest allowed lifetime of a token.
func (i Issuer) MaxLifetime() time.Duration { return i.Settings.LongestLifetime() }
