package conformance_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

// A presented is what a call comes with, at the order status.
type presented struct {
	name          string
	authorization []string
	good          bool
}

// presented returns what is presented to both: by what is odd about it, after the
// attack that it stands for.
func (f *fence) presented() []presented {
	var all []presented
	good, known := f.token(nil), testutil.Header("kid", f.key.ID())
	stranger := testutil.NewKey("ES256")
	strangers := testutil.SignedBy(stranger)
	for name, values := range map[string][]string{
		"no token":                     nil,
		"T62 two tokens":               {"Bearer " + good, "Bearer " + good},
		"T63 two tokens, with a comma": {"Bearer " + good + ", Bearer " + good},
		"T64 no scheme":                {good},
		"T64 another scheme":           {"Basic " + good},
		"no JWT":                       {"Bearer b7c9d2"},
		"T1 alg none":                  {"Bearer " + f.token(nil, testutil.Header("alg", "none"))},
		"T1 alg none, not signed":      {"Bearer " + unsigned(f.token(nil, testutil.Header("alg", "none")))},
		"T2 signed with a secret":      {"Bearer " + f.token(nil, testutil.SignedBy(testutil.KeyOf("HS256", publicPEM(f.key))), known)},
		"T9 a key of its own":          {"Bearer " + f.token(nil, strangers, known, testutil.Header("jwk", stranger.JWK()))},
		"T10 keys from elsewhere":      {"Bearer " + f.token(nil, strangers, known, testutil.Header("jku", "http://127.0.0.1/jwks"))},
		"T12 another kid":              {"Bearer " + f.token(nil, strangers)},
		"T12 the issuer's kid":         {"Bearer " + f.token(nil, strangers, known)},
		"T20 crit":                     {"Bearer " + f.token(nil, testutil.Header("crit", []string{"exp"}))},
		"T43 typ of a logout token":    {"Bearer " + f.token(nil, testutil.Header("typ", "logout+jwt"))},
		"T49 no object":                {"Bearer " + f.token(nil, testutil.RawPayload([]byte(`[]`)))},
		"T36 aud twice":                {"Bearer " + f.token(nil, testutil.RawPayload(f.payload(`"aud":"human-resource",`)))},
		"T40 iss with a slash":         {"Bearer " + f.token(testutil.Claims{"iss": f.issuer.URL() + "/"})},
		"T35 aud in capitals alone":    {"Bearer " + f.token(testutil.Claims{"aud": nil, "AUD": "order-status"})},
	} {
		all = append(all, presented{name, values, false})
	}
	for name, value := range map[string]string{"T64 the scheme in lower case": "bearer ", "T64 two spaces": "Bearer  "} {
		all = append(all, presented{name, []string{value + good}, true})
	}
	for name, claims := range odd() {
		all = append(all, presented{name, []string{"Bearer " + f.token(claims)}, false})
	}
	all = slices.Concat(all, f.misshapen(), f.misheaded(), f.misnamed())
	for name, claims := range misformed() {
		all = append(all, presented{name, []string{"Bearer " + f.token(claims)}, false})
	}
	for name, claims := range fine() {
		all = append(all, presented{name, []string{"Bearer " + f.token(claims)}, true})
	}
	return all
}

// fine are changes of a token that leave it good.
func fine() map[string]testutil.Claims {
	return map[string]testutil.Claims{
		"nothing odd":            {},
		"T37 several audiences":  {"aud": []string{"order-status", "human-resource"}},
		"an array of one":        {"aud": []string{"order-status"}},
		"more scopes":            {"scope": "openid orders.read"},
		"T42 nbf a moment ahead": {"nbf": ahead(5 * time.Second)},
		"T41 exp a moment ago":   {"iat": ahead(-time.Minute), "exp": ahead(-5 * time.Second)},
	}
}

// odd are changes for which it is to be refused.
func odd() map[string]testutil.Claims {
	return map[string]testutil.Claims{
		"T30 no aud":                {"aud": nil},
		"T30 aud null":              {"aud": json.RawMessage("null")},
		"T30 aud empty":             {"aud": ""},
		"T30 aud an empty array":    {"aud": []string{}},
		"T31 aud a number":          {"aud": 42},
		"T31 aud an object":         {"aud": map[string]bool{"order-status": true}},
		"T31 aud with a number":     {"aud": []any{"order-status", 1}},
		"T31 aud in two arrays":     {"aud": [][]string{{"order-status"}}},
		"T32 aud longer":            {"aud": "order-status-2"},
		"T32 aud shorter":           {"aud": "order"},
		"T32 aud with a slash":      {"aud": "order-status/"},
		"T32 aud as a URL":          {"aud": "https://order-status"},
		"T32 aud a list in a text":  {"aud": "order-status human-resource"},
		"T33 aud in capitals":       {"aud": "Order-Status"},
		"T33 aud with a space":      {"aud": "order-status "},
		"another aud":               {"aud": "human-resource"},
		"T39 azp of nobody":         {"azp": "nobody"},
		"T39 azp in capitals":       {"azp": "Customer-Portal"},
		"T39 no azp":                {"azp": nil},
		"T39 azp an array":          {"azp": []string{"customer-portal"}},
		"T39 azp and client_id":     {"client_id": "backoffice-portal"},
		"T40 another iss":           {"iss": "https://login.elsewhere.example"},
		"T41 no exp":                {"exp": nil},
		"T41 exp a text":            {"exp": "9999999999"},
		"T41 exp in milliseconds":   {"exp": ahead(time.Hour) * 1000},
		"T41 expired":               {"iat": ahead(-time.Hour), "exp": ahead(-time.Minute)},
		"T41 for a week":            {"exp": ahead(7 * 24 * time.Hour)},
		"T42 nbf in an hour":        {"nbf": ahead(time.Hour)},
		"T42 iat in an hour":        {"iat": ahead(time.Hour), "exp": ahead(2 * time.Hour)},
		"T43 an ID token":           {"typ": "ID"},
		"T43 a refresh token":       {"typ": "Refresh"},
		"T43 no kind":               {"typ": nil},
		"T43 a nonce":               {"nonce": "n"},
		"T45 no scope":              {"scope": nil},
		"T45 another scope":         {"scope": "orders.write"},
		"T45 scope longer":          {"scope": "orders.reader"},
		"T45 scope with a tab":      {"scope": "openid\torders.read"},
		"T45 scope in capitals":     {"scope": "ORDERS.READ"},
		"T45 scope an array":        {"scope": []string{"orders.read"}},
		"T46 sub a number":          {"sub": 7},
		"T50 bound by DPoP":         {"cnf": map[string]string{"jkt": "x"}},
		"T50 bound to another cert": {"cnf": map[string]string{"x5t#S256": "x"}},
	}
}

func ahead(d time.Duration) int64 { return time.Now().Add(d).Unix() }

// token returns a token of the customer portal for the order status, but for what
// is said.
func (f *fence) token(claims testutil.Claims, opts ...testutil.MintOption) string {
	all := testutil.Claims{"aud": "order-status", "azp": "customer-portal", "sub": "customer-portal", "scope": "orders.read"}
	maps.Copy(all, claims)
	return f.issuer.Mint(all, opts...)
}

// payload returns that of a good token that begins with more.
func (f *fence) payload(more string) []byte {
	text, err := json.Marshal(testutil.Claims{
		"iss": f.issuer.URL(), "aud": "order-status", "azp": "customer-portal", "sub": "customer-portal", "scope": "orders.read", "typ": "Bearer",
		"iat": ahead(0), "exp": ahead(time.Minute), "jti": "1",
	})
	if err != nil {
		panic(err) // it is JSON
	}
	return append([]byte("{"+more), text[1:]...)
}

// publicPEM returns the text that a key is published as, for those who take it
// for a secret.
func publicPEM(key *testutil.Key) []byte {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(err) // it is a key
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// unsigned returns a token without its signature.
func unsigned(token string) string { return token[:strings.LastIndex(token, ".")+1] }
