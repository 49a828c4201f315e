package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

// written is a preset that is written out, and right.
func written() access.Dialect {
	return access.Dialect{
		Types: []string{"at+jwt"}, Client: []string{"client_id"}, Scopes: []string{"scope"},
		Services: []access.ServiceMark{{Equal: map[string]string{"sub": "{client}"}, Absent: []string{"sid"}}},
	}
}

// dialect gives the first issuer a preset of its own, changed.
func dialect(change func(*access.Dialect)) func(*access.Matrix) {
	d := written()
	if change != nil {
		change(&d)
	}
	return issuer(func(i *access.Issuer) { i.Preset, i.Dialect = "", d })
}

// TestNewAcceptsAWrittenPreset shows that a preset may be described, with every key.
func TestNewAcceptsAWrittenPreset(t *testing.T) {
	for name, change := range map[string]func(*access.Dialect){
		"as it is": nil,
		"everything": func(d *access.Dialect) {
			*d = access.Dialect{
				Types: []string{"JWT", "application/AT+JWT", "none"}, Client: []string{"/app/id", "azp"}, ClientOptional: true, SoleAudienceIsClient: true,
				NotClient: map[string]string{"client_id": "*.example.com"}, CallerClaims: []access.CallerClaim{{Claim: "email", VerifiedBy: "email_verified"}},
				Subject: "/user/id", SubjectPrefix: "user:", SubjectOptional: true, Required: []string{"jti"}, Values: map[string]string{"use": "access"},
				Forbidden: []string{"at_hash"}, IssuerAliases: []string{"idp"}, Scopes: []string{"scp", "/grant/scopes"}, ScopeLists: true,
				Roles:     []access.RolePlace{{Claim: "/realms/*/roles"}, {Claim: "urn:roles", As: "names"}, {Claim: "roles", As: "objects"}},
				RoleScope: "groups", UncertainServices: true, ClientAccount: access.AccountMark{Claim: "name", Value: "account-{client_lower}"},
				Services: []access.ServiceMark{
					{Present: []string{"app"}, Not: map[string]string{"kind": "user"}},
					{Absent: []string{"user"}},
				},
				Audiences: access.GrantedAudiences, Ask: access.Ask{Scope: "{audience}/x"}, ExchangeAudience: true,
			}
		},
		"services alone, by their subject": func(d *access.Dialect) {
			*d = access.Dialect{Types: []string{"none"}, Client: []string{"sub"}, AllServices: true, Audiences: access.GrantedAudiences}
		},
		"users alone":                   func(d *access.Dialect) { d.Services, d.NoServices = nil, true },
		"nothing is forbidden, by type": func(d *access.Dialect) { d.NoForbidden = true },
		"nothing is forbidden, by value": func(d *access.Dialect) {
			d.Types, d.NoForbidden, d.Values = []string{"jwt"}, true, map[string]string{"use": "access"}
		},
	} {
		m := company()
		dialect(func(d *access.Dialect) {
			d.Audiences = access.GrantedAudiences
			if change != nil {
				change(d)
			}
		})(&m)
		if _, err := access.New(m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNewRefusesHalfAPreset shows that what a written preset leaves half-said, says twice,
// or contradicts, is an error that names the place.
func TestNewRefusesHalfAPreset(t *testing.T) {
	mark := func(m access.ServiceMark) func(*access.Dialect) {
		return func(d *access.Dialect) { d.Services = []access.ServiceMark{m} }
	}
	equal := func(claim, value string) access.ServiceMark {
		return access.ServiceMark{Equal: map[string]string{claim: value}}
	}
	for want, change := range map[string]func(*access.Dialect){
		"preset.types: no types":                                 func(d *access.Dialect) { d.Types = nil },
		`types[0]: "" is not a typ header`:                       func(d *access.Dialect) { d.Types = []string{""} },
		`types[0]: "at jwt" is not a typ header`:                 func(d *access.Dialect) { d.Types = []string{"at jwt"} },
		"types[0]: logout+jwt is the type of tokens that are no": func(d *access.Dialect) { d.Types = []string{"application/LOGOUT+jwt"} },
		`types[1]: "JWT" is listed twice`:                        func(d *access.Dialect) { d.Types = []string{"jwt", "JWT"} },
		"preset.client: no client":                               func(d *access.Dialect) { d.Client, d.Services = nil, nil },
		"client[0]: sub says which user":                         func(d *access.Dialect) { d.Client = []string{"sub"} },
		"client[1]: /user/id says which user":                    func(d *access.Dialect) { d.Client, d.Subject = []string{"azp", "/user/id"}, "/user/id" },
		`client[1]: "azp" is listed twice`:                       func(d *access.Dialect) { d.Client = []string{"azp", "azp"} },
		`types[1]: "*" is taken literally`:                       func(d *access.Dialect) { d.Types = []string{"jwt", "*"} },
		`types[0]: "application/*+jwt" is taken literally`:       func(d *access.Dialect) { d.Types = []string{"application/*+jwt"} },
		`client[0]: "" is neither the name of a claim`:           func(d *access.Dialect) { d.Client = []string{""} },
		`client[0]: "/apps/0/id" leads through an array`:         func(d *access.Dialect) { d.Client = []string{"/apps/0/id"} },
		`client[0]: "/apps/-" leads through an array`:            func(d *access.Dialect) { d.Client = []string{"/apps/-"} },
		`client[0]: "apps[0].id" is not how a path is written`:   func(d *access.Dialect) { d.Client = []string{"apps[0].id"} },
		`client[0]: "$.app.id" is not how a path is written`:     func(d *access.Dialect) { d.Client = []string{"$.app.id"} },
		`client[0]: "/apps/*/id" has a "*"`:                      func(d *access.Dialect) { d.Client = []string{"/apps/*/id"} },
		`client[0]: "/apps//id" is neither`:                      func(d *access.Dialect) { d.Client = []string{"/apps//id"} },
		`client[0]: "/sub" is another spelling: write sub`:       func(d *access.Dialect) { d.Client = []string{"/sub"} },
		`client[0]: "/a~2/b" is another spelling: write /a~02`:   func(d *access.Dialect) { d.Client = []string{"/a~2/b"} },
		"client_optional: client_optional without client": func(d *access.Dialect) {
			*d = access.Dialect{Types: []string{"jwt"}, CallerClaims: []access.CallerClaim{{Claim: "repository"}}, ClientOptional: true}
		},
		"not_client.sub: want azp or client_id":                  func(d *access.Dialect) { d.NotClient = map[string]string{"sub": "*"} },
		"not_client.client_id: client_id is listed under client": func(d *access.Dialect) { d.NotClient = map[string]string{"client_id": "*"} },
		`not_client.azp: want "*", or what it ends with`:         func(d *access.Dialect) { d.NotClient = map[string]string{"azp": "example.com"} },
		`got "*.*"`: func(d *access.Dialect) { d.NotClient = map[string]string{"azp": "*.*"} },
		`caller_claims[0]: "azp" cannot be demanded`:  func(d *access.Dialect) { d.CallerClaims = []access.CallerClaim{{Claim: "azp"}} },
		`caller_claims[0]: "/a/b" cannot be demanded`: func(d *access.Dialect) { d.CallerClaims = []access.CallerClaim{{Claim: "/a/b"}} },
		`caller_claims[1]: "email" is listed twice`: func(d *access.Dialect) {
			d.CallerClaims = []access.CallerClaim{{Claim: "email"}, {Claim: "email", VerifiedBy: "x"}}
		},
		`caller_claims[0]: "email" is verified by itself`:        func(d *access.Dialect) { d.CallerClaims = []access.CallerClaim{{Claim: "email", VerifiedBy: "email"}} },
		"subject_optional: sub is required as well":              func(d *access.Dialect) { d.SubjectOptional, d.Required = true, []string{"sub"} },
		`required[0]: "jti " is neither`:                         func(d *access.Dialect) { d.Required = []string{"jti "} },
		"forbidden[0]: jti is forbidden, but it is required":     func(d *access.Dialect) { d.Required, d.Forbidden = []string{"jti"}, []string{"jti"} },
		"forbidden[0]: use is forbidden, but it must have a v":   func(d *access.Dialect) { d.Values, d.Forbidden = map[string]string{"use": "a"}, []string{"use"} },
		"forbidden[0]: client_id is forbidden, but it names the": func(d *access.Dialect) { d.Forbidden = []string{"client_id"} },
		"forbidden[0]: sub is forbidden, but it names the subj":  func(d *access.Dialect) { d.Forbidden = []string{"sub"} },
		"forbidden[0]: aud is forbidden, but each token is judg": func(d *access.Dialect) { d.Forbidden = []string{"aud"} },
		"forbidden[0]: grant is forbidden, but scopes or roles":  func(d *access.Dialect) { d.Scopes, d.Forbidden = []string{"/grant/scopes"}, []string{"grant"} },
		"preset.forbidden: nonce marks an ID token unless":       func(d *access.Dialect) { d.Required = []string{"nonce"} },
		"preset.forbidden: both none and a list":                 func(d *access.Dialect) { d.NoForbidden, d.Forbidden = true, []string{"nonce"} },
		"preset.forbidden: nothing tells an access token":        func(d *access.Dialect) { d.Types, d.NoForbidden = []string{"at+jwt", "none"}, true },
		"preset.forbidden: nothing tells an access token from": func(d *access.Dialect) {
			d.Types, d.NoForbidden, d.Required = []string{"jwt"}, true, []string{"exp", "jti"}
		},
		"nothing tells an access token from an ID token": func(d *access.Dialect) {
			d.Types, d.NoForbidden, d.Values = []string{"jwt"}, true, map[string]string{"azp": "x"}
		},
		`values.typ: "ID" marks tokens that are no access`:     func(d *access.Dialect) { d.Values = map[string]string{"typ": "ID"} },
		`values.token_use: "refresh" marks tokens that are no`: func(d *access.Dialect) { d.Values = map[string]string{"token_use": "refresh"} },
		"types[0]: client-authentication+jwt is the type of":   func(d *access.Dialect) { d.Types = []string{"client-authentication+jwt"} },
		"client[0]: aud says for whom a token is":              func(d *access.Dialect) { d.Client, d.Services = []string{"aud"}, nil },
		"client[0]: iss does not say who calls":                func(d *access.Dialect) { d.Client, d.Services = []string{"iss"}, nil },
		"client[0]: cnf does not say who calls":                func(d *access.Dialect) { d.Client, d.Services = []string{"/cnf/client"}, nil },
		"subject: iat does not say who calls":                  func(d *access.Dialect) { d.Subject = "iat" },
		"values.use: no value":                                 func(d *access.Dialect) { d.Values = map[string]string{"use": ""} },
		"values.aud: aud is judged by other keys":              func(d *access.Dialect) { d.Values = map[string]string{"aud": "x"} },
		`issuer_aliases[0]: "" begins or ends`:                 func(d *access.Dialect) { d.IssuerAliases = []string{""} },
		`has the same iss: a token would not tell`:             func(d *access.Dialect) { d.IssuerAliases = []string{partner} },
		"scope_lists: scope_lists without scopes":              func(d *access.Dialect) { d.Scopes, d.ScopeLists = nil, true },
		`roles[0]: "/*/roles" begins with a "*"`:               func(d *access.Dialect) { d.Roles = []access.RolePlace{{Claim: "/*/roles"}} },
		`roles[0]: "/a/*" has a "*"`:                           func(d *access.Dialect) { d.Roles = []access.RolePlace{{Claim: "/a/*/*"}} },
		`roles[0].as: want names or objects, got "text"`:       func(d *access.Dialect) { d.Roles = []access.RolePlace{{Claim: "roles", As: "text"}} },
		"role_scope: role_scope without roles":                 func(d *access.Dialect) { d.RoleScope = "groups" },
		`role_scope: "a b" is not a scope`:                     func(d *access.Dialect) { d.RoleScope, d.Roles = "a b", []access.RolePlace{{Claim: "roles"}} },
		"services: more than one of all, none and a l":         func(d *access.Dialect) { d.NoServices = true },
		"services: more than one of all, none and a":           func(d *access.Dialect) { d.Services, d.NoServices, d.AllServices = nil, true, true },
		"services: more than one of all, none":                 func(d *access.Dialect) { d.AllServices = true },
		"services_uncertain without a list":                    func(d *access.Dialect) { d.Services, d.UncertainServices = nil, true },
		"client_account without a list": func(d *access.Dialect) {
			d.Services, d.ClientAccount = nil, access.AccountMark{Claim: "n", Value: "a-{client}"}
		},
		"client_account.value: \"x\" has no {client}":      func(d *access.Dialect) { d.ClientAccount = access.AccountMark{Claim: "n", Value: "x"} },
		"client_account.value: \"{client}\" is every text": func(d *access.Dialect) { d.ClientAccount = access.AccountMark{Claim: "n", Value: "{client}"} },
		"services[0]: this holds for every token":          mark(access.ServiceMark{}),
		"absent[0]: each token has jti: this never holds": func(d *access.Dialect) {
			d.Required = []string{"jti"}
			mark(access.ServiceMark{Absent: []string{"jti"}})(d)
		},
		"absent[0]: each token has client_id: this never":  mark(access.ServiceMark{Absent: []string{"client_id"}}),
		"present[0]: nonce is forbidden: this never holds": mark(access.ServiceMark{Present: []string{"nonce"}}),
		"present[0]: sid must be absent as well":           mark(access.ServiceMark{Present: []string{"sid"}, Absent: []string{"sid"}}),
		"equal.sid: sid must be absent as well":            mark(access.ServiceMark{Equal: map[string]string{"sid": "x"}, Absent: []string{"sid"}}),
		`equal.use: each token has use "access": this never`: func(d *access.Dialect) {
			d.Values = map[string]string{"use": "access"}
			mark(equal("use", "service"))(d)
		},
		`not.kind: kind must be, and must not be, "a"`:           mark(access.ServiceMark{Equal: map[string]string{"kind": "a"}, Not: map[string]string{"kind": "a"}}),
		`equal.sub: "{clint}" has a placeholder`:                 mark(equal("sub", "{clint}")),
		`has more than one placeholder`:                          mark(equal("sub", "{client}{client}")),
		"equal.sub: no claim holds the client's id":              func(d *access.Dialect) { d.Client, d.CallerClaims = nil, []access.CallerClaim{{Claim: "repository"}} },
		`audiences: want any, granted or none, got "some"`:       func(d *access.Dialect) { d.Audiences = "some" },
		"max_lifetime: want more than 0":                         func(d *access.Dialect) { d.MaxLifetime = -1 },
		"ask: token_urls and parameters belong to the issuer":    func(d *access.Dialect) { d.Ask.TokenURLs = map[string]string{"a": "b"} },
		"ask: both a parameter and a scope":                      func(d *access.Dialect) { d.Ask = access.Ask{Parameter: "resource", Scope: "{audience}"} },
		`ask: want audience, resource or nothing, got "aud"`:     func(d *access.Dialect) { d.Ask.Parameter = "aud" },
		`exchange.scope: "x" must have {audience} once`:          func(d *access.Dialect) { d.Exchange.Scope = "x" },
		"on_behalf_of: both on_behalf_of and how tokens":         func(d *access.Dialect) { d.OnBehalfOf, d.Exchange.Parameter = true, "audience" },
		"exchange_audience: both exchange and exchange_audience": func(d *access.Dialect) { d.ExchangeAudience, d.Exchange.Parameter = true, "resource" },
		"exchange_audience: it adds the parameter audience to":   func(d *access.Dialect) { d.ExchangeAudience = true },
	} {
		newRefuses(t, dialect(func(d *access.Dialect) {
			d.Audiences = access.GrantedAudiences
			change(d)
		}), want)
	}
	newRefuses(t, dialect(func(d *access.Dialect) {
		*d = access.Dialect{Types: []string{"jwt"}, CallerClaims: []access.CallerClaim{{Claim: "repository"}}}
	}), "name no client: write clients: any, and demand values of repository under claims")
	newRefuses(t, issuer(func(i *access.Issuer) { i.Dialect = written() }), `preset: both the name "keycloak" and a mapping`)
}

// TestNewWarnsOfUsersWhoPassForOthers shows what of a written preset leaves to users who
// they are.
func TestNewWarnsOfUsersWhoPassForOthers(t *testing.T) {
	for want, change := range map[string]func(*access.Dialect){
		"a user may have the name of a client": func(d *access.Dialect) {
			d.Services = []access.ServiceMark{{Equal: map[string]string{"sub": "{client}"}}}
		},
		"users write an email of their own": func(d *access.Dialect) { d.CallerClaims = []access.CallerClaim{{Claim: "email"}} },
	} {
		for _, with := range []bool{false, true} {
			m := company()
			dialect(func(d *access.Dialect) {
				d.Audiences = access.GrantedAudiences
				if with {
					change(d)
				}
			})(&m)
			policy, err := access.New(m)
			if err != nil {
				t.Fatal(err)
			}
			warned := slices.ContainsFunc(policy.Warnings(), func(p *access.Problem) bool { return p.Severity == access.Warning && strings.Contains(p.Text, want) })
			if warned != with {
				t.Errorf("%s: warned: %t, want %t", want, warned, with)
			}
		}
	}
}

// TestPresetWithoutAClientIsToldOnce shows that no advice follows from a preset that does not
// say who calls.
func TestPresetWithoutAClientIsToldOnce(t *testing.T) {
	m := company()
	dialect(func(d *access.Dialect) { d.Client = nil })(&m)
	_, err := access.New(m)
	if err == nil || !strings.Contains(err.Error(), "client: no client: name the claims") || strings.Contains(err.Error(), "write clients: any") {
		t.Errorf("New = %v", err)
	}
}

// TestNameOfAClaimThatLooksLikeAPath shows that a dot in a name is told, and that in a URL, as
// many providers name their claims, it is not.
func TestNameOfAClaimThatLooksLikeAPath(t *testing.T) {
	for place, want := range map[string]bool{"app.id": true, "/app/id": false, "https://acme.example/id": false, "urn:acme.id": false, "/kubernetes.io/id": false, "id": false} {
		m := company()
		dialect(func(d *access.Dialect) { d.Client, d.Audiences = []string{place}, access.GrantedAudiences })(&m)
		got := strings.Contains(strings.Join(told(t, m, access.Info), "\n"), place+" is one claim of that name")
		if got != want {
			t.Errorf("%s: it is told: %v, want %v", place, got, want)
		}
	}
}

// TestWrittenPresetIsStrict shows what counts where a written preset says nothing.
func TestWrittenPresetIsStrict(t *testing.T) {
	bare := func(d *access.Dialect) { *d = access.Dialect{Types: []string{"jwt"}, Client: []string{"client_id"}} }
	with := func(change func(*access.Service)) func(*access.Matrix) {
		return func(m *access.Matrix) {
			dialect(bare)(m)
			service(change)(m)
		}
	}
	entry := access.Allow{Methods: []string{"*"}, NoScopes: true}
	newRefuses(t, with(func(s *access.Service) {
		anybody := entry
		anybody.AnyClient = true
		s.Allow = []access.Allow{anybody}
	}), "can get a token for any audience: list clients or roles")
	newRefuses(t, with(func(s *access.Service) {
		users := entry
		users.Clients, users.Callers = []string{"backoffice-portal"}, access.UsersOnly
		s.Allow = []access.Allow{users}
	}), "does not say for certain how a service is told from a user: add services to it")
	newRefuses(t, with(func(s *access.Service) { s.InsecureNoAudience = "hr/" }), "its issuers put aud into their tokens")

	d := written()
	bare(&d)
	preset := access.Issuer{URL: corp, Dialect: d}.TokenPreset()
	for payload, want := range map[string]string{
		`"client_id":"c","sub":"a"`:               "",
		`"client_id":"c"`:                         "CLAIM_MISSING",
		`"sub":"a"`:                               "CLIENT_MISSING",
		`"client_id":"c","sub":"a","nonce":"n"`:   "TYPE_NOT_ALLOWED",
		`"client_id":"c","sub":"a","events":{}`:   "TYPE_NOT_ALLOWED",
		`"client_id":"c","sub":"a","azp":"d"`:     "CLIENT_AMBIGUOUS",
		`"client_id":{"id":"c"},"sub":"a"`:        "CLAIMS_MALFORMED",
		`"client_id":"c","sub":"a","cnf":{"a":1}`: "BINDING_UNSUPPORTED",
	} {
		_, err := preset.Claims([]byte(`{"iss":"` + corp + `","exp":2,` + payload + `}`))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", payload, err, want)
		}
	}
	c, err := preset.Claims([]byte(`{"iss":"` + corp + `","exp":2,"client_id":"c","sub":"a","scope":"x","roles":["y"]}`))
	if err != nil || c.Scopes() != nil || c.Roles() != nil || c.IsService() {
		t.Errorf("%+v, %v: want no scopes, no roles, and no service", c, err)
	}
}
