package provider_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// TestEveryProviderIsComplete shows that no provider lacks a part that the packages
// above read.
func TestEveryProviderIsComplete(t *testing.T) {
	for _, p := range provider.All() {
		example, err := url.Parse(p.Addresses.Issuer)
		for part, there := range map[string]bool{
			"a preset":                          p.Preset != "",
			"a product":                         p.Product != "",
			"types":                             len(p.Token.Types) > 0,
			"required claims":                   len(p.Token.Required) > 0 || p.Token.SubjectOptional,
			"what names the caller":             len(p.Token.Clients)+len(p.Token.CallerClaims) > 0,
			"what tells a service":              len(p.Token.Service.AnyOf) > 0,
			"a way to limit rights":             len(p.Token.Scopes) > 0 || len(p.Token.Roles) > 0 || p.Token.AnyAudience,
			"an issuer by its URL":              err == nil && (example.Scheme == "https" || p.Preset == "adfs") && example.Host != "",
			"advice on audiences":               p.Advice.Audience != "",
			"advice on refusals, or what to do": (p.Advice.RefusedAudience != "") != (p.Request.Alternative != ""),
			"advice on tokens without aud":      p.Advice.MissingAudience != "" || p.Request.Alternative != "" || p.Token.NoAudience || p.Preset == provider.Default,
			"advice on the other form":          (p.Audiences.URIPrefix == "") == (p.Advice.AudienceForm == ""),
			"advice on the other issuer":        (len(p.Addresses.IssuerPrefixes) == 0) == (p.Advice.OtherIssuer == ""),
		} {
			if !there {
				t.Errorf("%s: no, or too much of, %s", p.Preset, part)
			}
		}
	}
}

// TestPresetsAreUnique shows that a name stands for one provider, and an empty one for
// the default.
func TestPresetsAreUnique(t *testing.T) {
	names := provider.Presets()
	if len(slices.Compact(slices.Clone(names))) != len(names) || !slices.IsSorted(names) || len(names) != len(provider.All()) {
		t.Errorf("presets: %q", names)
	}
	if p, ok := provider.Lookup(""); !ok || p.Preset != provider.Default {
		t.Errorf("the empty name is %q, want %q", p.Preset, provider.Default)
	}
	if _, ok := provider.Lookup("keykloak"); ok {
		t.Error("found a provider that does not exist")
	}
}

// TestTokensAreDescribedConsistently shows that the data of a token does not contradict
// itself.
func TestTokensAreDescribedConsistently(t *testing.T) {
	for _, p := range provider.All() {
		d := p.Token
		for _, claim := range d.Forbidden {
			if slices.Contains(d.Required, claim) || slices.Contains(d.Clients, claim) || d.Values[claim] != "" {
				t.Errorf("%s: %s is forbidden, and read", p.Preset, claim)
			}
		}
		for _, typ := range d.Types {
			if typ != strings.ToLower(typ) || strings.HasPrefix(typ, "application/") {
				t.Errorf("%s: typ %q, want it in lower case, without application/", p.Preset, typ)
			}
		}
		for _, place := range d.Roles {
			if len(place.Path) == 0 || place.Path[0] == provider.Each || place.Names && place.Objects {
				t.Errorf("%s: roles at %q", p.Preset, place.Path)
			}
		}
		for alias, issuer := range d.IssuerAliases {
			if issuer != p.Addresses.Issuer || alias == issuer {
				t.Errorf("%s: alias %q of %q, want one of %q", p.Preset, alias, issuer, p.Addresses.Issuer)
			}
		}
	}
}

// TestProxiesTellNoMoreThanServers shows that a condition by which a proxy knows a
// service is one by which a server does, or a stricter one.
func TestProxiesTellNoMoreThanServers(t *testing.T) {
	for _, p := range provider.All() {
		s := p.Token.Service
		if s.Uncertain || s.Everybody() || len(s.Proxy.Service) == 0 {
			if len(s.Proxy.Service)+len(s.Proxy.User) > 0 {
				t.Errorf("%s: a proxy tells what a server cannot, or users alone", p.Preset)
			}
			continue
		}
		implied := slices.ContainsFunc(s.AnyOf, func(all []provider.Condition) bool {
			return !slices.ContainsFunc(all, func(c provider.Condition) bool { return !implies(s.Proxy.Service, c) })
		})
		if !implied {
			t.Errorf("%s: a proxy takes %v for a service, want what a server does: %v", p.Preset, s.Proxy.Service, s.AnyOf)
		}
	}
}

// implies reports whether c holds wherever all conditions do.
func implies(all []provider.Condition, c provider.Condition) bool {
	return slices.ContainsFunc(all, func(known provider.Condition) bool {
		return known == c || c.Claim == known.Claim && c.Not != "" && known.Value != "" && known.Value != c.Not
	})
}

// TestRequestsStateTheAudienceOnce shows that a way to ask is one way, and that each
// template has a place for the audience.
func TestRequestsStateTheAudienceOnce(t *testing.T) {
	for _, p := range provider.All() {
		for _, ask := range []provider.Ask{p.Request.Audience, p.Request.Exchange} {
			ways := 0
			for _, is := range []bool{ask.Parameter != "", ask.Scope != "", ask.Nothing} {
				if is {
					ways++
				}
			}
			if ways > 1 || ask.Scope != "" && strings.Count(ask.Scope, "{audience}") != 1 {
				t.Errorf("%s: asks by %+v", p.Preset, ask)
			}
		}
	}
}

// TestAdviceIsFilled shows that no placeholder is left in a text.
func TestAdviceIsFilled(t *testing.T) {
	names := provider.Names{Audience: "orders", Client: "portal", Issuer: "https://idp.example.com", Scopes: []string{"a", "b"}}
	left := regexp.MustCompile(`\{[a-z_]+\}`)
	for _, p := range provider.All() {
		a := p.Advice
		for _, text := range []string{a.Audience, a.MissingAudience, a.RefusedAudience, a.RefusedScope, a.MissingScope, a.MissingSubject, a.AudienceForm, a.OtherIssuer, a.RefusedExchange, a.Credentials, a.Grant, a.Exchange, a.Wider, a.NameClients} {
			if filled := names.Fill(text); left.MatchString(filled) {
				t.Errorf("%s: %q has a placeholder that nothing fills", p.Preset, filled)
			}
		}
	}
	if got, want := (provider.Names{}).Fill("{client} {issuer} {entry}"), "the client the issuer the entry"; got != want {
		t.Errorf("Fill = %q, want %q", got, want)
	}
	if got, want := names.Fill("{client}: {scopes}"), `client "portal": a b`; got != want {
		t.Errorf("Fill = %q, want %q", got, want)
	}
}

// TestDefaultAudiencesAreFound shows that an audience which says nothing is told by
// its value, or by how it ends.
func TestDefaultAudiencesAreFound(t *testing.T) {
	for aud, want := range map[string]string{
		"account": "keycloak", "api://default": "okta", "https://corp.eu.auth0.com/userinfo": "auth0",
		"https://graph.microsoft.com": "entra", "https://kubernetes.default.svc": "kubernetes", "orders": "", "accounts": "",
	} {
		p, _, is := provider.LookupDefaultAudience(aud)
		if is != (want != "") || p.Preset != want {
			t.Errorf("%s: %q, %t, want %q", aud, p.Preset, is, want)
		}
	}
}

// TestKeysAreOnNamedHosts shows that the keys of a provider are at the issuer, or on a
// host that its metadata may name.
func TestKeysAreOnNamedHosts(t *testing.T) {
	for _, p := range provider.All() {
		a := p.Addresses
		if a.KeysURL == "" {
			continue
		}
		keys, err := url.Parse(a.KeysURL)
		if err != nil || keys.Scheme != "https" || !slices.Contains(a.Hosts, keys.Host) || a.KeysPath != "" {
			t.Errorf("%s: keys at %q, want one of %q", p.Preset, a.KeysURL, a.Hosts)
		}
	}
}

// TestNoAnswerHidesALaterOne shows that each known answer of a provider can be recognised:
// no other meaning before it matches all that it matches.
func TestNoAnswerHidesALaterOne(t *testing.T) {
	for _, p := range provider.All() {
		for i, later := range p.Advice.Answers {
			for _, earlier := range p.Advice.Answers[:i] {
				if earlier.Meaning != later.Meaning && (earlier.Code == "" || earlier.Code == later.Code) && (earlier.Status == 0 || earlier.Status == later.Status) && strings.Contains(later.Part, earlier.Part) {
					t.Errorf("%s: %+v is hidden by %+v", p.Preset, later, earlier)
				}
			}
		}
	}
}
