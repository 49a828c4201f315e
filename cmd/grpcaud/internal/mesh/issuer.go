package mesh

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// Issuer is one whose tokens a proxy verifies.
type Issuer struct {
	// Name is its name in the matrix.
	Name string

	// Settings are those of the matrix.
	Settings access.Issuer

	// URLs are what its tokens may have in iss.
	URLs []string

	// Must are the conditions on each of its tokens, whomever it is for.
	Must All

	token     provider.Token
	addresses provider.Addresses
	people    All // what tells a user's token from one exchanged for a client's
}

func newIssuer(name string, matrix access.Matrix) Issuer {
	settings := matrix.Issuers[name]
	preset, _ := claims.LookupPreset(settings.Preset)
	p, _ := provider.Lookup(settings.Preset)
	i := Issuer{Name: name, Settings: settings, URLs: preset.Issuers(settings.URL), token: p.Token, addresses: p.Addresses}
	for _, claim := range slices.Sorted(maps.Keys(i.token.Values)) {
		i.Must = append(i.Must, is([]string{i.token.Values[claim]}, claim))
	}
	for _, claim := range i.token.Required {
		i.Must = append(i.Must, has(claim))
	}
	// No proxy compares a certificate with what a token is bound to.
	for _, claim := range append(slices.Clone(i.token.Forbidden), "cnf") {
		i.Must = append(i.Must, lacks(claim))
	}
	i.people = i.nobodys(matrix.Clients)
	return i
}

// nobodys asks for a subject that is no client: an exchanged token has that of the
// one which it was made from, and this may have been a client's own (RFC 8693,
// section 4.1).
func (i Issuer) nobodys(clients map[string]access.Client) All {
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
	all := All{{Claim: []string{"sub"}, Values: ids, Other: true}}
	if account := i.token.Service.Account; account != nil {
		end := strings.TrimPrefix(account.Value, provider.Client)
		all = append(all, Condition{Claim: []string{account.Claim}, Values: []string{end}, Other: true, End: true})
	}
	return all
}

// Types are the typ headers that its tokens may have, in lower case and without
// "application/"; the empty one is an absent header.
func (i Issuer) Types() []string { return i.token.Types }

// Scopes are the claims that may hold scopes.
func (i Issuer) Scopes() []string { return i.token.Scopes }

// unfit says why no proxy can judge the tokens of i; empty if it can.
func (i Issuer) unfit() string {
	switch {
	case i.Settings.Introspection.ClientID != "":
		return "its tokens are opaque, and the issuer must be asked about each"
	case i.Settings.RequireBound:
		return "its tokens are bound to the certificate of the client"
	case i.Settings.MaxAge != 0:
		return "max_age: how long ago a token was issued is not compared with the clock"
	}
	return ""
}

// JWKS is where the keys are, without asking the issuer; empty if that is not
// known.
func (i Issuer) JWKS() string {
	if i.Settings.JWKS != "" {
		return i.Settings.JWKS
	}
	if i.addresses.KeysPath == "" {
		return i.addresses.KeysURL
	}
	return strings.TrimSuffix(i.Settings.URL, "/") + i.addresses.KeysPath
}

// Leeway is how far its clock and ours may differ.
func (i Issuer) Leeway() time.Duration { return cmp.Or(i.Settings.Leeway, access.DefaultLeeway) }

// MaxLifetime is the longest life of one of its tokens.
func (i Issuer) MaxLifetime() time.Duration {
	return cmp.Or(i.Settings.MaxLifetime, access.DefaultMaxLifetime)
}
