package interceptor_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// null is what testutil cannot tell from a claim that is not there.
var null = json.RawMessage("null")

func TestAudienceOfAnotherServiceIsRefused(t *testing.T) {
	aud := func(value any) func(*testbed) []string { return token(testutil.Claims{"aud": value}) }
	attacks := []attack{
		{"no aud/none", nil, aud(nil), audienceMissing, 0},
		{"no aud/no element", nil, aud([]string{}), audienceMissing, 0},
		{"audience spelt otherwise/an escape of the same", nil, spelt("aud", `"aud":"order-\u0073tatus"`), admitted, 0},
		{"audience spelt otherwise/escaped name", nil, spelt("aud", `"\u0061ud":"order-status"`), admitted, 0},
	}
	for name, value := range map[string]any{
		"no aud/null": null, "no aud/empty": "", "no aud/empty element": []string{""}, "no aud/null element": []any{nil},
		"aud of another type/number": 42, "aud of another type/object": map[string]any{"order-status": true}, "aud of another type/true": true,
		"aud of another type/beside a number": []any{"order-status", 1}, "aud of another type/beside null": []any{"order-status", nil},
		"aud of another type/beside an empty one": []any{"order-status", ""}, "aud of another type/nested": []any{[]string{"order-status"}},
	} {
		attacks = append(attacks, attack{name, nil, aud(value), claimsMalformed, 0})
	}
	for _, other := range []string{
		"order-statuses", "order", "order-status/", "https://order-status", "order-status human-resource",
		"order-status,human-resource", "*", "order-*", "order.status", "order-status|x", "^order-status$", ".*",
	} {
		attacks = append(attacks, attack{"like the audience/" + strings.ReplaceAll(other, "/", "_"), nil, aud(other), audienceMismatch, 0})
	}
	for name, other := range map[string]string{
		"case": "ORDER-STATUS", "full width": "order-\uff53tatus", "NUL": "order-status\x00", "zero width": "order-status\u200b",
		"space behind": "order-status ", "space before": " order-status", "another hyphen": "order\u2010status",
	} {
		attacks = append(attacks, attack{"audience spelt otherwise/" + name, nil, aud(other), audienceMismatch, 0})
	}
	named := func(name string) func(*testbed) {
		return serving(func(s *access.Service) { s.Audiences = []string{"order-status", name} })
	}
	run(t, append(attacks,
		attack{"audience spelt otherwise/NFD for NFC", named("caf\u00e9"), aud("cafe\u0301"), audienceMismatch, 0},
		attack{"audience spelt otherwise/NFC for NFD", named("cafe\u0301"), aud("caf\u00e9"), audienceMismatch, 0},
	))
}

// TestPolicyWithoutAudienceIsRefused shows that no policy can be made that leaves the
// audience open. It needs no connection.
func TestPolicyWithoutAudienceIsRefused(t *testing.T) {
	for name, audiences := range map[string][]string{"empty": {""}, "white space": {" "}, "a tab": {"\t"}, "one of two empty": {"order-status", ""}, "space behind": {"order-status "}} {
		t.Run("configured audience/"+name, func(t *testing.T) {
			a := testbed{matrix: attacked()}
			all(issuing(func(i *access.Issuer) { i.URL = corp }), serving(func(s *access.Service) { s.Audiences = audiences }))(&a)
			if _, err := access.New(a.matrix); err == nil {
				t.Errorf("access.New(audiences %q) succeeded", audiences)
			}
		})
	}
	none := serving(func(s *access.Service) { s.Audiences = []string{} })
	run(t, []attack{
		{"configured audience/no value is the name", none, token(nil), admitted, 0},
		{"configured audience/no value is not any", none, token(testutil.Claims{"aud": "human-resource"}), audienceMismatch, 0},
	})
}

// TestClaimsAreReadByExactNames shows that a claim is not found under a name that
// other decoders accept for it, and is refused if it occurs twice.
func TestClaimsAreReadByExactNames(t *testing.T) {
	const soon = "946685100" // five minutes from the beginning of time in a bubble
	run(t, []attack{
		{"claim in another case/Aud after aud", nil, spelt("aud", `"aud":"evil","Aud":"order-status"`), audienceMismatch, 0},
		{"claim in another case/AUD before aud", nil, spelt("aud", `"AUD":"order-status","aud":"evil"`), audienceMismatch, 0},
		{"claim in another case/AUD alone", nil, spelt("aud", `"AUD":"order-status"`), audienceMissing, 0},
		{"claim in another case/ISS alone", nil, spelt("iss", `"ISS":"`+corp+`"`), issuerUnknown, 0},
		{"claim in another case/ISS after iss", nil, spelt("iss", `"iss":"`+strangerURL+`","ISS":"`+corp+`"`), issuerUnknown, 0},
		{"claim in another case/long s in iss alone", nil, spelt("iss", `"iſſ":"`+corp+`"`), issuerUnknown, 0},
		{"claim in another case/long s in iss", nil, spelt("iss", `"iss":"`+strangerURL+`","iſſ":"`+corp+`"`), issuerUnknown, 0},
		{"claim in another case/EXP alone", nil, spelt("exp", `"EXP":`+soon), claimMissing, 0},
		{"claim in another case/EXP after exp", nil, spelt("exp", `"exp":1,"EXP":`+soon), tokenExpired, 0},
		{"claim in another case/long s in scope", nil, spelt("scope", `"ſcope":"orders.read"`), scopeMissing, 0},
		{"claim in another case/Scope after scope", nil, spelt("scope", `"scope":"openid","Scope":"orders.read"`), scopeMissing, 0},
		{"claim in another case/AZP alone", legacy, spelt("client_id", `"AZP":"customer-portal","typ":"Bearer"`), clientMissing, 0},
		{"claim in another case/AZP after azp", legacy, spelt("client_id", `"azp":"evil","AZP":"customer-portal","typ":"Bearer"`), clientNotAllowed, 0},
		{"claim in another case/CLIENT_ID alone", nil, spelt("client_id", `"CLIENT_ID":"customer-portal"`), claimMissing, 0},
		{"member twice/aud bad, then good", nil, spelt("aud", `"aud":"evil","aud":"order-status"`), claimsMalformed, 0},
		{"member twice/aud good, then bad", nil, spelt("aud", `"aud":"order-status","aud":"evil"`), claimsMalformed, 0},
		{"member twice/aud escaped, then plain", nil, spelt("aud", `"\u0061ud":"order-status","aud":"evil"`), claimsMalformed, 0},
		{"member twice/sub twice the same", nil, spelt("sub", `"sub":"alice","sub":"alice"`), claimsMalformed, 0},
		{"member twice/sub in act twice", nil, spelt("act", `"act":{"sub":"a","sub":"b"}`), claimsMalformed, 0},
		{"member twice/x5t in cnf twice", nil, spelt("cnf", `"cnf":{"x5t#S256":"a","x5t#S256":"b"}`), claimsMalformed, 0},
	})
}

// TestTokensMeantForOthersAsWell shows the results for tokens that have further
// audiences, or that are of another issuer.
func TestTokensMeantForOthersAsWell(t *testing.T) {
	sole := serving(func(s *access.Service) { s.SoleAudience = true })
	both := token(testutil.Claims{"aud": []string{"order-status", "human-resource"}})
	staging := testutil.NewIssuer("https://idp.staging.example.com/realms/corp")
	staging.Use(ownKey)
	of := func(issuer func(*testbed) *testutil.Issuer) func(*testbed) []string {
		return func(a *testbed) []string { return []string{"Bearer " + issuer(a).Mint(read(nil))} }
	}
	run(t, []attack{
		{"several audiences/for two", nil, both, admitted, 0},
		{"several audiences/for two, where one alone will do", sole, both, audienceNotSole, 0},
		{"several audiences/for one, where one alone will do", sole, token(testutil.Claims{"aud": []string{"order-status"}}), admitted, 0},
		{"token of another issuer/another deployment's", nil, of(func(*testbed) *testutil.Issuer { return staging }), issuerUnknown, 0},
		{"token of another issuer/the neighbour's issuer's", nil, of(func(a *testbed) *testutil.Issuer { return a.partner.Issuer }), issuerNotAccepted, 0},
	})
}

func TestIssuerIsComparedExactly(t *testing.T) {
	iss := func(value any) func(*testbed) []string { return token(testutil.Claims{"iss": value}) }
	at := func(url string) func(*testbed) { return func(a *testbed) { a.url = url } }
	const google = "https://accounts.google.com"
	attacks := []attack{
		{"iss/slash missing", at(corp + "/"), iss(corp), issuerUnknown, 0},
		{"iss/missing", nil, iss(nil), issuerUnknown, 0},
		{"iss/array", nil, iss([]string{corp}), issuerUnknown, 0},
		{"iss/null", nil, iss(null), issuerUnknown, 0},
		{"iss/Google's short form", at(google), iss("accounts.google.com"), issuerUnknown, 0},
		{"iss/Google's long form", at(google), iss(google), admitted, 0},
		{"iss of a stranger/a stranger's", nil, iss(strangerURL), issuerUnknown, 0},
		{"iss of a stranger/a stranger's, by its key", nil, func(a *testbed) []string {
			return []string{"Bearer " + a.stranger.Mint(read(nil))}
		}, issuerUnknown, 0},
		{"iss of a stranger/a template", nil, iss("https://idp.example.com/realms/../../../.well-known"), issuerUnknown, 0},
	}
	for name, other := range map[string]string{
		"slash more": corp + "/", "case of the host": "https://IDP.example.com/realms/corp", "http": "http://idp.example.com/realms/corp",
		"port": "https://idp.example.com:443/realms/corp", "user": "https://idp.example.com@login.stranger.example/realms/corp",
		"path": "https://idp.example.com/realms/Corp", "space": corp + " ", "fragment": corp + "#", "query": corp + "?",
	} {
		attacks = append(attacks, attack{"iss/" + name, nil, iss(other), issuerUnknown, 0})
	}
	run(t, attacks)
}
