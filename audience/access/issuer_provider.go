package access

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// Provider returns what is known of i: its preset, or its own dialect. It is for packages
// of this module.
func (i Issuer) Provider() provider.Provider {
	if i.Dialect.IsZero() {
		p, _ := provider.Lookup(i.Preset)
		return p
	}
	p := provider.Custom()
	p.Token, p.Request = i.Dialect.token(i.URL), i.Dialect.request()
	return p
}

// TokenPreset returns the preset that reads the tokens of i: the named one, or one that
// its dialect describes. The preset of an unknown name reads no token.
func (i Issuer) TokenPreset() claims.Preset { return claims.PresetOf(i.Provider()) }

// LongestLifetime returns the longest lifetime of a token of i that is accepted.
func (i Issuer) LongestLifetime() time.Duration {
	return cmp.Or(i.MaxLifetime, i.Provider().Token.MaxLifetime, DefaultMaxLifetime)
}

// token returns d as the data that packages interpret, for the issuer of that url.
func (d Dialect) token(url string) provider.Token {
	t := provider.Token{
		Required: d.Required, Values: d.Values, Forbidden: d.forbidden(), Subject: d.Subject,
		SubjectPrefix: d.SubjectPrefix, SubjectOptional: d.SubjectOptional,
		Clients: d.Client, SoleAudienceIsClient: d.SoleAudienceIsClient, ClientRequired: len(d.Client) > 0 && !d.ClientOptional,
		Service: d.service(), Scopes: d.Scopes, ScopeLists: d.ScopeLists,
		AnyAudience: cmp.Or(d.Audiences, AnyAudience) == AnyAudience, NoAudience: d.Audiences == NoAudience,
		MaxLifetime: d.MaxLifetime,
	}
	for _, typ := range d.Types {
		t.Types = append(t.Types, typeOf(typ))
	}
	for _, alias := range d.IssuerAliases {
		if t.IssuerAliases == nil {
			t.IssuerAliases = map[string]string{}
		}
		t.IssuerAliases[alias] = url
	}
	for claim, pattern := range d.NotClient {
		if t.NotClient == nil {
			t.NotClient = map[string]string{}
		}
		t.NotClient[claim] = strings.TrimPrefix(pattern, "*")
	}
	for _, c := range d.CallerClaims {
		t.CallerClaims = append(t.CallerClaims, provider.CallerClaim(c))
	}
	for _, r := range d.Roles {
		t.Roles = append(t.Roles, provider.Roles{Path: provider.Path(r.Claim), Names: r.As == "names", Objects: r.As == "objects"})
	}
	return t
}

// noType is how a file writes that a token has no typ header.
const noType = "none"

// typeOf returns a typ header as it is compared; empty for none.
func typeOf(typ string) string {
	typ = strings.TrimPrefix(strings.ToLower(typ), "application/")
	if typ == noType {
		return ""
	}
	return typ
}

func (d Dialect) forbidden() []string {
	switch {
	case d.NoForbidden:
		return nil
	case len(d.Forbidden) == 0:
		return provider.IDTokenClaims
	default:
		return d.Forbidden
	}
}

// service returns what tells services from users.
func (d Dialect) service() provider.Service {
	s := provider.Service{Uncertain: d.UncertainServices || len(d.Services) == 0 && !d.AllServices && !d.NoServices}
	if d.AllServices {
		s.AnyOf = [][]provider.Condition{{}}
	}
	for _, mark := range d.Services {
		s.AnyOf = append(s.AnyOf, mark.conditions())
	}
	if a := d.ClientAccount; a != (AccountMark{}) {
		s.Account = &provider.Condition{Claim: a.Claim, Value: a.Value}
	}
	return s
}

func (m ServiceMark) conditions() []provider.Condition {
	var all []provider.Condition
	for _, claim := range slices.Sorted(maps.Keys(m.Equal)) {
		all = append(all, provider.Condition{Claim: claim, Value: m.Equal[claim]})
	}
	for _, claim := range m.Present {
		all = append(all, provider.Condition{Claim: claim})
	}
	for _, claim := range m.Absent {
		all = append(all, provider.Condition{Claim: claim, Absent: true})
	}
	for _, claim := range slices.Sorted(maps.Keys(m.Not)) {
		all = append(all, provider.Condition{Claim: claim, Not: m.Not[claim]})
	}
	return all
}

func (d Dialect) request() provider.Request {
	return provider.Request{
		Audience: d.Ask.data(), Exchange: d.Exchange.data(), ExchangeAudience: d.ExchangeAudience,
		OnBehalfOf: d.OnBehalfOf, RoleScope: d.RoleScope,
	}
}

// data returns a as the data that packages interpret.
func (a Ask) data() provider.Ask {
	if a.Parameter == "nothing" {
		return provider.Ask{Nothing: true}
	}
	return provider.Ask{Parameter: a.Parameter, Scope: a.Scope}
}
