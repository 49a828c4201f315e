package interceptor_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

func TestClientIsComparedExactly(t *testing.T) {
	party := func(id any) func(*testbed) []string { return token(testutil.Claims{"client_id": nil, "azp": id}) }
	run(t, []attack{
		{"client/not allowed", legacy, party("newsletter"), clientNotAllowed, 0},
		{"client/missing", legacy, party(nil), clientMissing, 0},
		{"client/missing, by the profile", nil, party(nil), claimMissing, 0},
		{"client/array", legacy, party([]string{"customer-portal"}), claimsMalformed, 0},
		{"client/null", legacy, party(null), claimsMalformed, 0},
		{"client/two that differ", legacy, token(testutil.Claims{"azp": "newsletter"}), clientAmbiguous, 0},
		{"client/case", legacy, party("Customer-Portal"), clientNotAllowed, 0},
		{"client/several audiences and no client", legacy, token(testutil.Claims{"client_id": nil, "aud": []string{"order-status", "customer-portal"}}), clientMissing, 0},
	})
}

func TestTokenIsRefusedOutsideItsLife(t *testing.T) {
	exp := func(value any) func(*testbed) []string { return token(testutil.Claims{"exp": value}) }
	in := func(claim string, d time.Duration) func(*testbed) []string {
		return dated(func(now time.Time) testutil.Claims { return testutil.Claims{claim: now.Add(d).Unix()} })
	}
	leeway := func(d time.Duration) func(*testbed) { return issuing(func(i *access.Issuer) { i.Leeway = d }) }
	float := func(now time.Time) testutil.Claims { return testutil.Claims{"exp": float64(now.Unix()) + 60.9} }
	millis := func(now time.Time) testutil.Claims { return testutil.Claims{"exp": now.Add(time.Minute).UnixMilli()} }
	attacks := []attack{
		{"exp/missing", nil, exp(nil), claimMissing, 0},
		{"exp/float in the past", nil, exp(123.9), tokenExpired, 0},
		{"exp/float to come", nil, dated(float), admitted, 0},
		{"exp/integer to come", nil, in("exp", time.Minute), admitted, 0},
		{"exp/milliseconds", nil, dated(millis), lifetimeTooLong, 0},
		{"exp/year 10 000", nil, exp(253402300800), lifetimeTooLong, 0},
		{"exp/now, with the least leeway", leeway(time.Second), in("exp", 0), admitted, 0},
		{"exp/a second ago, with the least leeway", leeway(time.Second), in("exp", -time.Second), tokenExpired, 0},
		{"exp/within the leeway", nil, in("exp", -29*time.Second), admitted, 0},
		{"exp/at the end of the leeway", nil, in("exp", -30*time.Second), tokenExpired, 0},
		{"exp/beyond the leeway", nil, in("exp", -31*time.Second), tokenExpired, 0},
		{"exp/24 hours to live", nil, in("exp", 24*time.Hour), admitted, 0},
		{"exp/a second more", nil, in("exp", 24*time.Hour+time.Second), lifetimeTooLong, 0},
		{"nbf and iat/nbf in four minutes", leeway(time.Minute), in("nbf", 4*time.Minute), notYetValid, 0},
		{"nbf and iat/nbf at the end of the leeway", nil, in("nbf", 30*time.Second), admitted, 0},
		{"nbf and iat/nbf beyond the leeway", nil, in("nbf", 31*time.Second), notYetValid, 0},
		{"nbf and iat/nbf text", nil, token(testutil.Claims{"nbf": "0"}), claimsMalformed, 0},
		{"nbf and iat/iat tomorrow", nil, in("iat", 24*time.Hour), notYetValid, 0},
		{"nbf and iat/iat missing", nil, token(testutil.Claims{"iat": nil}), claimMissing, 0},
		{"nbf and iat/iat null", nil, token(testutil.Claims{"iat": null}), claimsMalformed, 0},
	}
	for name, value := range map[string]any{
		"null": null, "text": "32503680000", "1e300": json.RawMessage("1e300"), "1e400": json.RawMessage("1e400"),
		"2^63": json.RawMessage("9223372036854775808"), "2^63-1": json.RawMessage("9223372036854775807"), "2^53": json.RawMessage("9007199254740992"),
		"negative": -1, "zero": 0, "true": true, "array": []int{1 << 40},
	} {
		attacks = append(attacks, attack{"exp/" + name, nil, exp(value), claimsMalformed, 0})
	}
	run(t, attacks)
}

func TestTokenOfAnotherTypeIsRefused(t *testing.T) {
	typ := func(value any) func(*testbed) []string { return token(nil, testutil.Header("typ", value)) }
	claim := func(name string, value any) func(*testbed) []string {
		return token(testutil.Claims{name: value}, testutil.Header("typ", "JWT"))
	}
	attacks := []attack{
		{"typ/absent", nil, typ(nil), typeNotAllowed, 0},
		{"typ/JWT", nil, typ("JWT"), typeNotAllowed, 0},
		{"typ/JWT of a legacy issuer", legacy, typ("JWT"), admitted, 0},
		{"typ/absent of a legacy issuer", legacy, typ(nil), admitted, 0},
		{"typ/nonce of a browser login at Keycloak", legacy, claim("nonce", "n"), admitted, 0},
		{"typ/ID token with nonce", legacy, token(testutil.Claims{"nonce": "n", "typ": "ID"}, testutil.Header("typ", "JWT")), typeNotAllowed, 0},
		{"typ/ID token with nonce at an issuer that types no payload", issuing(func(i *access.Issuer) { i.Preset = "pingone" }), claim("nonce", "n"), typeNotAllowed, 0},
		{"typ/ID token with at_hash", legacy, claim("at_hash", "h"), typeNotAllowed, 0},
		{"typ/logout token", legacy, claim("events", map[string]any{}), typeNotAllowed, 0},
		{"typ/payload typ ID", legacy, claim("typ", "ID"), typeNotAllowed, 0},
		{"typ/payload typ Refresh", legacy, claim("typ", "Refresh"), typeNotAllowed, 0},
		{"another typ/number", nil, typ(1), tokenMalformed, 0},
		{"another typ/empty", nil, typ(""), tokenMalformed, 0},
	}
	for _, other := range []string{
		"logout+jwt", "dpop+jwt", "secevent+jwt", "client-authentication+jwt", "txntoken+jwt", "oauth-id-jag+jwt",
		"wit+jwt", "wpt+jwt", "token-introspection+jwt",
	} {
		attacks = append(attacks,
			attack{"typ/" + other, nil, typ(other), typeNotAllowed, 0},
			attack{"typ/" + other + " of a legacy issuer", legacy, typ(other), typeNotAllowed, 0})
	}
	for _, same := range []string{"at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+JWT"} {
		attacks = append(attacks, attack{"another typ/" + strings.ReplaceAll(same, "/", "_"), nil, typ(same), admitted, 0})
	}
	for _, other := range []string{"at+jwt ", "at-jwt", "x/at+jwt", "application/", "application/application/at+jwt"} {
		attacks = append(attacks, attack{"another typ/" + strings.ReplaceAll(other, "/", "_") + "'", nil, typ(other), typeNotAllowed, 0})
	}
	run(t, attacks)
}

func TestScopeIsComparedExactly(t *testing.T) {
	scope := func(value any) func(*testbed) []string { return token(testutil.Claims{"scope": value}) }
	attacks := []attack{
		{"scope/among others", nil, scope("openid orders.read orders.write"), admitted, 0},
		{"scope/two spaces", nil, scope("openid  orders.read"), admitted, 0},
		{"scope/spaces before and behind", nil, scope("  orders.read "), admitted, 0},
		{"scope/absent", nil, scope(nil), scopeMissing, 0},
		{"scope/array", nil, scope([]string{"orders.read"}), claimsMalformed, 0},
		{"scope/null", nil, scope(null), claimsMalformed, 0},
		{"scope/as a role", nil, token(testutil.Claims{"scope": nil, "roles": []string{"orders.read"}}), scopeMissing, 0},
		{"scope/as scp", nil, token(testutil.Claims{"scope": nil, "scp": "orders.read"}), scopeMissing, 0},
	}
	for name, other := range map[string]string{
		"no space": "orders.readorders.write", "longer": "orders.read:all", "shorter": "orders", "tab": "orders.read\torders.write",
		"no-break space": "openid\u00a0orders.read", "line break": "orders.read\n", "case": "ORDERS.READ", "comma": "openid,orders.read",
	} {
		attacks = append(attacks, attack{"scope/" + name, nil, scope(other), scopeMissing, 0})
	}
	run(t, attacks)
}

// TestBoundTokenNeedsItsCertificate shows that tokens which demand proof of possession
// are refused without it. The client has a certificate, and presents it if the testbed
// uses mutual TLS.
func TestBoundTokenNeedsItsCertificate(t *testing.T) {
	cnf := func(value any) func(*testbed) []string { return token(testutil.Claims{"cnf": value}) }
	thumbprint := func(encoding *base64.Encoding, spoil byte) func(*testbed) []string {
		return func(a *testbed) []string {
			sum := sha256.Sum256(a.client.Leaf.Raw)
			sum[0] ^= spoil
			return cnf(map[string]any{"x5t#S256": encoding.EncodeToString(sum[:])})(a)
		}
	}
	right, wrong := thumbprint(base64url, 0), thumbprint(base64url, 1)
	bound := all(mutually, issuing(func(i *access.Issuer) { i.RequireBound = true }), func(a *testbed) { a.good = right })
	jkt := base64url.EncodeToString(make([]byte, sha256.Size))
	attacks := []attack{
		{"cnf/the client's own certificate", mutually, right, admitted, 0},
		{"cnf/another certificate", mutually, wrong, bindingMismatch, 0},
		{"cnf/no certificate shown", nil, right, bindingMismatch, 0},
		{"cnf/unbound, where tokens must be bound", bound, token(nil), bindingMissing, 0},
		{"cnf/padded", mutually, thumbprint(base64.URLEncoding, 0), bindingUnsupported, 0},
		{"cnf/the other alphabet or padded", mutually, thumbprint(base64.StdEncoding, 0), bindingUnsupported, 0},
	}
	for name, value := range map[string]any{
		"DPoP as Bearer": map[string]any{"jkt": jkt}, "DPoP beside a certificate": map[string]any{"jkt": jkt, "x5t#S256": jkt},
		"unknown member": map[string]any{"x5t#S512": "x"}, "unknown member beside a certificate": map[string]any{"x5t#S256": jkt, "x": 1},
		"null": null, "array": []string{jkt}, "empty": map[string]any{}, "text": jkt, "number": map[string]any{"x5t#S256": 1}, "nothing": map[string]any{"x5t#S256": ""},
	} {
		attacks = append(attacks, attack{"cnf/" + name, mutually, cnf(value), bindingUnsupported, 0})
	}
	run(t, attacks)
}
