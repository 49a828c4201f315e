package interceptor_test

import (
	"maps"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// speaking has the issuer write tokens by a preset, with a good one of these claims.
func speaking(preset string, d access.Dialect, typ any, good testutil.Claims) func(*testbed) {
	return all(issuing(func(i *access.Issuer) { i.Preset, i.Dialect = preset, d }), func(a *testbed) { a.good = written(typ, good, nil) })
}

// written is a token with these claims and nothing of [read], changed.
func written(typ any, good, changes testutil.Claims) func(*testbed) []string {
	claims := testutil.Claims{"client_id": nil, "sub": nil, "scope": nil, "aud": "order-status"}
	maps.Copy(claims, good)
	maps.Copy(claims, changes)
	return token(claims, testutil.Header("typ", typ))
}

// demanding sets what the only entry demands.
func demanding(entry access.Allow) func(*testbed) {
	return allowing(func(a *access.Allow) {
		entry.Methods = []string{"*"}
		*a = entry
	})
}

// known gives the customer portal another id.
func known(id string) func(*testbed) {
	return func(a *testbed) { a.matrix.Clients["customer-portal"] = access.Client{Issuer: "corp", ID: id} }
}

// variants returns attacks on one issuer, each with one change of a good token.
func variants(name string, setup func(*testbed), typ any, good testutil.Claims, rows map[string]variant) []attack {
	attacks := []attack{{name + "/as it is", setup, written(typ, good, nil), admitted, 0}}
	for what, v := range rows {
		if v.typ == nil {
			v.typ = typ
		}
		attacks = append(attacks, attack{name + "/" + what, setup, written(v.typ, good, v.claims), v.want, 0})
	}
	return attacks
}

type variant struct {
	claims testutil.Claims
	want   ruling
	typ    any // nil for that of the good token
}

// TestWrittenPresetAdmitsItsTokensAlone shows that a preset which the matrix describes
// admits only tokens of its form: with nonce in access tokens; without a type and with
// the client in sub; with a repository and no client; with values inside of objects.
func TestWrittenPresetAdmitsItsTokensAlone(t *testing.T) {
	b2c := testutil.Claims{"ver": "1.0", "azp": "customer-portal", "sub": "alice", "scp": "orders.read", "nonce": "n", "tfp": "signin"}
	users := access.Dialect{
		Types: []string{"JWT"}, Client: []string{"azp"}, Required: []string{"scp"}, Values: map[string]string{"ver": "1.0"}, Forbidden: []string{"at_hash", "c_hash", "events"},
		Scopes: []string{"scp"}, Services: []access.ServiceMark{{Equal: map[string]string{"grant": "client"}}},
	}
	attacks := variants("nonce", all(speaking("", users, "JWT", b2c), allowing(func(a *access.Allow) { a.Callers = access.UsersOnly })), "JWT", b2c, map[string]variant{
		"of another version":                {claims: testutil.Claims{"ver": "2.0"}, want: typeNotAllowed},
		"a version that is no text":         {claims: testutil.Claims{"ver": 1.0}, want: typeNotAllowed},
		"an ID token, without scopes":       {claims: testutil.Claims{"scp": nil}, want: claimMissing},
		"an ID token by at_hash":            {claims: testutil.Claims{"at_hash": "h"}, want: typeNotAllowed},
		"another type":                      {typ: "at+jwt", want: typeNotAllowed},
		"no client":                         {claims: testutil.Claims{"azp": nil}, want: clientUnnamed},
		"a client in another claim":         {claims: testutil.Claims{"azp": nil, "client_id": "customer-portal"}, want: clientUnnamed},
		"two clients":                       {claims: testutil.Claims{"client_id": "batch"}, want: clientAmbiguous},
		"a service":                         {claims: testutil.Claims{"grant": "client"}, want: callerKind},
		"scopes in a claim not named":       {claims: testutil.Claims{"scp": "x", "scope": "orders.read"}, want: scopeMissing},
		"scopes in an array, which are not": {claims: testutil.Claims{"scp": []string{"orders.read"}}, want: claimsMalformed},
		"another audience":                  {claims: testutil.Claims{"aud": "human-resource"}, want: audienceMismatch},
	})

	plain := testutil.Claims{"sub": "customer-portal", "scope": []string{"orders.read"}}
	services := access.Dialect{Types: []string{"none"}, Client: []string{"sub"}, AllServices: true, Scopes: []string{"scope"}, ScopeLists: true}
	attacks = append(attacks, variants("sub is the client", speaking("", services, nil, plain), nil, plain, map[string]variant{
		"of another client":    {claims: testutil.Claims{"sub": "batch"}, want: clientNotAllowed},
		"with a type":          {typ: "at+jwt", want: typeNotAllowed},
		"the type none":        {typ: "none", want: typeNotAllowed},
		"a nonce":              {claims: testutil.Claims{"nonce": "n"}, want: typeNotAllowed},
		"azp of another":       {claims: testutil.Claims{"azp": "batch"}, want: clientAmbiguous},
		"a person's login":     {claims: testutil.Claims{"sub": "alice", "sid": "s"}, want: clientNotAllowed},
		"the client in an aud": {claims: testutil.Claims{"aud": "customer-portal"}, want: audienceMismatch},
	})...)

	job := testutil.Claims{"sub": "repo:acme/shop", "repository": "acme/shop", "ref": "refs/heads/main"}
	workflows := access.Dialect{Types: []string{"jwt"}, CallerClaims: []access.CallerClaim{{Claim: "repository"}}, AllServices: true}
	attacks = append(attacks, variants("claims say who calls", all(speaking("", workflows, "JWT", job), demanding(access.Allow{
		AnyClient: true, NoScopes: true, Claims: map[string][]string{"repository": {"acme/shop"}, "ref": {"refs/heads/main"}},
	})), "JWT", job, map[string]variant{
		"another repository":   {claims: testutil.Claims{"repository": "evil/shop"}, want: claimNotAllowed},
		"no repository":        {claims: testutil.Claims{"repository": nil}, want: claimNotAllowed},
		"its name in sub":      {claims: testutil.Claims{"repository": nil, "sub": "acme/shop"}, want: claimNotAllowed},
		"another branch":       {claims: testutil.Claims{"ref": "refs/heads/evil"}, want: claimNotAllowed},
		"a repository by case": {claims: testutil.Claims{"repository": "ACME/shop"}, want: claimNotAllowed},
		"two repositories":     {claims: testutil.Claims{"repository": []string{"acme/shop", "evil/shop"}}, want: claimNotAllowed},
		"a list of one":        {claims: testutil.Claims{"repository": []string{"acme/shop"}}, want: claimNotAllowed},
		"inside of an object":  {claims: testutil.Claims{"repository": testutil.Claims{"acme/shop": "acme/shop"}}, want: claimNotAllowed},
	})...)

	deep := testutil.Claims{"sub": "x", "user": testutil.Claims{"id": "alice"}, "app": testutil.Claims{"id": "customer-portal"}, "grant": testutil.Claims{"scopes": []string{"orders.read"}}}
	inside := access.Dialect{
		Types: []string{"jwt"}, Client: []string{"/app/id"}, Subject: "/user/id", Scopes: []string{"/grant/scopes"}, ScopeLists: true,
		Services: []access.ServiceMark{{Absent: []string{"user"}}}, Forbidden: []string{"/app/test"},
	}
	attacks = append(attacks, variants("inside of objects", speaking("", inside, "JWT", deep), "JWT", deep, map[string]variant{
		"another client":           {claims: testutil.Claims{"app": testutil.Claims{"id": "batch"}}, want: clientNotAllowed},
		"the client in an array":   {claims: testutil.Claims{"app": []any{testutil.Claims{"id": "customer-portal"}}}, want: clientUnnamed},
		"the path as a name":       {claims: testutil.Claims{"app": nil, "/app/id": "customer-portal"}, want: clientUnnamed},
		"no subject":               {claims: testutil.Claims{"user": testutil.Claims{"name": "alice"}}, want: claimMissing},
		"a subject that is a list": {claims: testutil.Claims{"user": testutil.Claims{"id": []string{"alice"}}}, want: claimsMalformed},
		"a forbidden member":       {claims: testutil.Claims{"app": testutil.Claims{"id": "customer-portal", "test": true}}, want: typeNotAllowed},
		"scopes elsewhere":         {claims: testutil.Claims{"grant": nil, "scope": "orders.read"}, want: scopeMissing},
	})...)
	run(t, attacks)
}

// TestClaimNamesCallersAtItsIssuerAlone shows a service of two issuers. A claim that says
// who calls in the tokens of one says nothing in those of the other, where a user chose it.
func TestClaimNamesCallersAtItsIssuerAlone(t *testing.T) {
	job := testutil.Claims{"sub": "repo:acme/shop", "repository": "acme/shop"}
	workflows := access.Dialect{Types: []string{"jwt"}, CallerClaims: []access.CallerClaim{{Claim: "repository"}}, AllServices: true}
	either := func(entry access.Allow) func(*testbed) {
		return all(speaking("", workflows, "JWT", job), demanding(entry), serving(func(s *access.Service) { s.Issuers = []string{"corp", "partner"} }), func(a *testbed) {
			a.matrix.Issuers["partner"] = access.Issuer{URL: partnerURL, Preset: "keycloak"}
		})
	}
	ofPartner := func(a *testbed) []string {
		return []string{"Bearer " + a.partner.Mint(testutil.Claims{"aud": "order-status", "sub": "mallory", "azp": "agency", "repository": "acme/shop", "realm_access": testutil.Claims{"roles": []string{"clerk"}}})}
	}
	byClaim := access.Allow{AnyClient: true, NoScopes: true, Claims: map[string][]string{"repository": {"acme/shop"}}}
	byRole := all(either(access.Allow{AnyClient: true, NoScopes: true, Roles: []string{"clerk"}, Claims: byClaim.Claims}), func(a *testbed) { a.good = ofPartner })
	run(t, []attack{
		{"the claim of a job", either(byClaim), written("JWT", job, nil), admitted, 0},
		{"the same claim of a user elsewhere", either(byClaim), ofPartner, clientNotAllowed, 0},
		{"a role admits at both", byRole, ofPartner, admitted, 0},
	})
}

// Rulings beside those of attack_test.go.
var (
	clientUnnamed = denied("CLIENT_NOT_ALLOWED", audience.CauseClientMissing)
	roleMissing   = denied("ROLE_INSUFFICIENT", audience.CauseRoleMissing)
)

// TestPresetsAdmitTheTokensOfTheirProviders shows that tokens are admitted as
// providers write them beyond their documentation, and that similar tokens are
// refused.
func TestPresetsAdmitTheTokensOfTheirProviders(t *testing.T) {
	anyone := access.Allow{AnyClient: true, NoScopes: true}
	key := testutil.Claims{"sub": "1048", "azp": "batch@acme.iam.gserviceaccount.com", "email": "batch@acme.iam.gserviceaccount.com", "email_verified": true}
	byEmail := anyone
	byEmail.Claims = map[string][]string{"email": {"batch@acme.iam.gserviceaccount.com"}}
	attacks := variants("an account's address", all(speaking("google", access.Dialect{}, "JWT", key), demanding(byEmail)), "JWT", key, map[string]variant{
		"from the metadata server": {claims: testutil.Claims{"azp": "1048"}, want: admitted},
		"of another":               {claims: testutil.Claims{"email": "evil@acme.iam.gserviceaccount.com"}, want: claimNotAllowed},
		"not verified":             {claims: testutil.Claims{"email_verified": false}, want: claimNotAllowed},
		"verified by a text":       {claims: testutil.Claims{"email_verified": "true"}, want: claimNotAllowed},
		"verified by nothing":      {claims: testutil.Claims{"email_verified": nil}, want: claimNotAllowed},
		"a person, by application": {claims: testutil.Claims{"azp": "32555940559.apps.googleusercontent.com"}, want: clientAmbiguous},
	})
	byNumber := all(speaking("google", access.Dialect{}, "JWT", key), known("1048"), demanding(access.Allow{Clients: []string{"customer-portal"}, NoScopes: true}))
	attacks = append(attacks, variants("an account's number", byNumber, "JWT", key, map[string]variant{
		"of another, with this azp": {claims: testutil.Claims{"sub": "7", "azp": "1048"}, want: clientAmbiguous},
		"of another":                {claims: testutil.Claims{"sub": "7"}, want: clientNotAllowed},
	})...)

	dex := testutil.Claims{"sub": "Cg9jdXN0b21lci1wb3J0YWw", "azp": "customer-portal", "aud": []string{"order-status", "customer-portal"}, "at_hash": "h", "groups": []string{"clerks"}}
	own := demanding(access.Allow{Clients: []string{"customer-portal"}, NoScopes: true, Callers: access.ServicesOnly, Roles: []string{"clerks"}})
	attacks = append(attacks, variants("a client of Dex", all(speaking("dex", access.Dialect{}, nil, dex), own), nil, dex, map[string]variant{
		"a user of a connector by its id": {claims: testutil.Claims{"sub": "Cg9jdXN0b21lci1wb3J0YWwSBWxvY2Fs"}, want: callerKind},
		"a connector without a name":      {claims: testutil.Claims{"sub": "Cg9jdXN0b21lci1wb3J0YWwSAA"}, want: callerKind},
		"its id, not encoded":             {claims: testutil.Claims{"sub": "customer-portal"}, want: callerKind},
		"an ID token of a code":           {claims: testutil.Claims{"c_hash": "h"}, want: typeNotAllowed},
		"without the group":               {claims: testutil.Claims{"groups": nil}, want: roleMissing},
	})...)

	group := testutil.Claims{"sub": "6f1c", "client_id": "customer-portal", "username": "alice", "token_use": "access", "aud": nil, "scope": "aws.cognito.signin.user.admin", "cognito:groups": []string{"clerks"}}
	byGroup := all(speaking("cognito", access.Dialect{}, nil, group), serving(func(s *access.Service) { s.InsecureNoAudienceRoles = []string{"clerks", "auditors"} }),
		demanding(access.Allow{Clients: []string{"customer-portal"}, NoScopes: true, Roles: []string{"clerks"}}))
	attacks = append(attacks, variants("groups stand for aud", byGroup, nil, group, map[string]variant{
		"no group":                   {claims: testutil.Claims{"cognito:groups": nil}, want: audienceMissing},
		"a group of another service": {claims: testutil.Claims{"cognito:groups": []string{"managers"}}, want: audienceMissing},
		"a group of another entry":   {claims: testutil.Claims{"cognito:groups": []string{"auditors"}}, want: roleMissing},
		"a group in a text":          {claims: testutil.Claims{"cognito:groups": "clerks"}, want: audienceMissing},
		"a group as a scope":         {claims: testutil.Claims{"cognito:groups": nil, "scope": "clerks"}, want: audienceMissing},
		"another client":             {claims: testutil.Claims{"client_id": "batch"}, want: clientNotAllowed},
		"another audience":           {claims: testutil.Claims{"aud": "human-resource"}, want: audienceMismatch},
		"an audience of nobody":      {claims: testutil.Claims{"aud": []string{}}, want: audienceMissing},
	})...)
	run(t, attacks)
}

// TestEachPresetHasItsLongestLifetime shows that tokens of a managed identity may have
// a longer lifetime than those of other issuers.
func TestEachPresetHasItsLongestLifetime(t *testing.T) {
	live := func(d time.Duration) func(*testbed) []string {
		return func(a *testbed) []string {
			now := time.Now()
			return written("JWT", testutil.Claims{"ver": "2.0", "azp": "customer-portal", "sub": "o", "roles": []string{"r"}, "iat": now.Unix(), "exp": now.Add(d).Unix()}, nil)(a)
		}
	}
	entra := all(issuing(func(i *access.Issuer) { i.Preset = "entra" }), func(a *testbed) { a.good = live(time.Hour) },
		demanding(access.Allow{Clients: []string{"customer-portal"}, NoScopes: true, Roles: []string{"r"}}))
	short := all(entra, issuing(func(i *access.Issuer) { i.MaxLifetime = 2 * time.Hour }))
	dialect := all(entra, issuing(func(i *access.Issuer) {
		i.Preset, i.Dialect = "", access.Dialect{Types: []string{"jwt"}, Client: []string{"azp"}, Roles: []access.RolePlace{{Claim: "roles"}}, MaxLifetime: 30 * time.Hour}
	}))
	run(t, []attack{
		{"28 hours at Entra", entra, live(28 * time.Hour), admitted, 0},
		{"more at Entra", entra, live(28*time.Hour + time.Second), lifetimeTooLong, 0},
		{"what the issuer says counts", short, live(3 * time.Hour), lifetimeTooLong, 0},
		{"30 hours by a written preset", dialect, live(30 * time.Hour), admitted, 0},
		{"more by a written preset", dialect, live(31 * time.Hour), lifetimeTooLong, 0},
		{"more than a day elsewhere", nil, dated(func(now time.Time) testutil.Claims {
			return testutil.Claims{"exp": now.Add(25 * time.Hour).Unix()}
		}), lifetimeTooLong, 0},
	})
}

// TestOnlyRulesThatAskRefuseAnOddClaim shows that a claim of a wrong type is ignored
// unless a rule needs it. A rule that needs it refuses the token, with a reason that
// does not ask for a new login.
func TestOnlyRulesThatAskRefuseAnOddClaim(t *testing.T) {
	login := func(change func(*access.Allow), claims testutil.Claims) func(*testbed) {
		return all(allowing(change), func(a *testbed) { a.good = token(claims) })
	}
	age := login(func(a *access.Allow) { a.MaxAuthAge = 1 << 62 }, testutil.Claims{"auth_time": 1})
	acr := login(func(a *access.Allow) { a.ACR = []string{"gold"} }, testutil.Claims{"acr": "gold"})
	roles := login(func(a *access.Allow) { a.Roles = []string{"clerk"} }, testutil.Claims{"roles": []string{"clerk"}})
	scopeless := allowing(func(a *access.Allow) { a.Scopes, a.NoScopes = nil, true })
	run(t, []attack{
		{"auth_time/text, not asked about", nil, token(testutil.Claims{"auth_time": "1795353716"}), admitted, 0},
		{"auth_time/text", age, token(testutil.Claims{"auth_time": "1795353716"}), claimsMalformed, 0},
		{"auth_time/null", age, token(testutil.Claims{"auth_time": null}), claimsMalformed, 0},
		{"acr/number, not asked about", nil, token(testutil.Claims{"acr": 1}), admitted, 0},
		{"acr/array", acr, token(testutil.Claims{"acr": []string{"gold"}}), claimsMalformed, 0},
		{"roles/text, not asked about", nil, token(testutil.Claims{"roles": "clerk"}), admitted, 0},
		{"roles/text", roles, token(testutil.Claims{"roles": "clerk"}), claimsMalformed, 0},
		{"roles/one that is no role", roles, token(testutil.Claims{"roles": []any{"clerk", 1}}), claimsMalformed, 0},
		{"scope/array, not asked about", scopeless, token(testutil.Claims{"scope": []string{"x"}}), admitted, 0},
		{"scope/array", nil, token(testutil.Claims{"scope": []string{"orders.read"}}), claimsMalformed, 0},
		{"jti/number", nil, token(testutil.Claims{"jti": 1}), claimsMalformed, 0},
		{"act/text", nil, token(testutil.Claims{"act": "x"}), claimsMalformed, 0},
	})
}
