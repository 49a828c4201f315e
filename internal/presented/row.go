package presented

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

// A Row is what a call of order-status has as its authorization.
type Row struct {
	Name          string   // what is wrong with it
	Authorization []string // the values of the header
	Good          bool     // whether it must be admitted
}

// Rows returns all rows, by name.
func (i *Issuer) Rows() []Row {
	var all []Row
	good := i.Token(nil)
	for name, values := range i.forged(good) {
		all = append(all, Row{name, values, false})
	}
	for name, value := range map[string]string{"the scheme in lower case": "bearer ", "two spaces": "Bearer  "} {
		all = append(all, Row{name, []string{value + good}, true})
	}
	for name, claims := range i.odd() {
		all = append(all, Row{name, []string{"Bearer " + i.Token(claims)}, false})
	}
	all = slices.Concat(all, i.misshapen(), i.misheaded(), i.misnamed())
	for name, claims := range misformed() {
		all = append(all, Row{name, []string{"Bearer " + i.Token(claims)}, onlyRulesAsk(name)})
	}
	for name, claims := range fine() {
		all = append(all, Row{name, []string{"Bearer " + i.Token(claims)}, true})
	}
	slices.SortFunc(all, func(a, b Row) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// forged returns what is not the one good token of the issuer.
func (i *Issuer) forged(good string) map[string][]string {
	known, stranger := testutil.Header("kid", i.Key.ID()), testutil.NewKey("ES256")
	strangers := testutil.SignedBy(stranger)
	return map[string][]string{
		"no token":                        nil,
		"two tokens":                      {"Bearer " + good, "Bearer " + good},
		"two tokens, with a comma":        {"Bearer " + good + ", Bearer " + good},
		"no scheme":                       {good},
		"another scheme":                  {"Basic " + good},
		"no JWT":                          {"Bearer b7c9d2"},
		"alg none":                        {"Bearer " + i.Token(nil, testutil.Header("alg", "none"))},
		"alg none, without a signature":   {"Bearer " + unsigned(i.Token(nil, testutil.Header("alg", "none")))},
		"signed with a secret":            {"Bearer " + i.Token(nil, testutil.SignedBy(testutil.KeyOf("HS256", publicPEM(i.Key))), known)},
		"a key of its own":                {"Bearer " + i.Token(nil, strangers, known, testutil.Header("jwk", stranger.JWK()))},
		"keys from elsewhere":             {"Bearer " + i.Token(nil, strangers, known, testutil.Header("jku", "http://127.0.0.1/jwks"))},
		"another kid":                     {"Bearer " + i.Token(nil, strangers)},
		"the issuer's kid":                {"Bearer " + i.Token(nil, strangers, known)},
		"crit":                            {"Bearer " + i.Token(nil, testutil.Header("crit", []string{"exp"}))},
		"typ of a logout token":           {"Bearer " + i.Token(nil, testutil.Header("typ", "logout+jwt"))},
		"a payload that is not an object": {"Bearer " + i.Token(nil, testutil.RawPayload([]byte(`[]`)))},
		"aud twice":                       {"Bearer " + i.Token(nil, testutil.RawPayload(i.payload(`"aud":"human-resource",`)))},
		"iss with a slash":                {"Bearer " + i.Token(testutil.Claims{"iss": i.URL() + "/"})},
		"aud in capitals alone":           {"Bearer " + i.Token(testutil.Claims{"aud": nil, "AUD": "order-status"})},
	}
}

// fine returns changes of a token that leave it good.
func fine() map[string]testutil.Claims {
	return map[string]testutil.Claims{
		"nothing odd":        {},
		"several audiences":  {"aud": []string{"order-status", "human-resource"}},
		"an array of one":    {"aud": []string{"order-status"}},
		"more scopes":        {"scope": "openid orders.read"},
		"nbf a moment ahead": {"nbf": ahead(5 * time.Second)},
		"exp a moment ago":   {"iat": ahead(-time.Minute), "exp": ahead(-5 * time.Second)},
	}
}

// odd returns changes for which a token must be refused.
func (i *Issuer) odd() map[string]testutil.Claims {
	all := map[string]testutil.Claims{
		"azp of nobody":         {"azp": "nobody"},
		"azp in capitals":       {"azp": "Customer-Portal"},
		"no azp":                {"azp": nil},
		"azp an array":          {"azp": []string{"customer-portal"}},
		"azp and client_id":     {"client_id": "backoffice-portal"},
		"iss in capitals":       {"iss": strings.ToUpper(i.URL())},
		"iss an array":          {"iss": []string{i.URL()}},
		"another iss":           {"iss": "https://login.elsewhere.example"},
		"no exp":                {"exp": nil},
		"exp a text":            {"exp": "9999999999"},
		"exp in milliseconds":   {"exp": ahead(time.Hour) * 1000},
		"expired":               {"iat": ahead(-time.Hour), "exp": ahead(-time.Minute)},
		"a life of a week":      {"exp": ahead(7 * 24 * time.Hour)},
		"nbf in an hour":        {"nbf": ahead(time.Hour)},
		"iat in an hour":        {"iat": ahead(time.Hour), "exp": ahead(2 * time.Hour)},
		"an ID token":           {"typ": "ID"},
		"a refresh token":       {"typ": "Refresh"},
		"no typ claim":          {"typ": nil},
		"a nonce and typ ID":    {"nonce": "n", "typ": "ID"},
		"no scope":              {"scope": nil},
		"another scope":         {"scope": "orders.write"},
		"scope longer":          {"scope": "orders.reader"},
		"scope with a tab":      {"scope": "openid\torders.read"},
		"scope in capitals":     {"scope": "ORDERS.READ"},
		"scope an array":        {"scope": []string{"orders.read"}},
		"sub a number":          {"sub": 7},
		"bound by DPoP":         {"cnf": map[string]string{"jkt": "x"}},
		"bound to another cert": {"cnf": map[string]string{"x5t#S256": "x"}},
	}
	maps.Copy(all, misaddressed())
	return all
}

// misaddressed returns audiences for which a token must be refused.
func misaddressed() map[string]testutil.Claims {
	return map[string]testutil.Claims{
		"no aud":               {"aud": nil},
		"aud null":             {"aud": json.RawMessage("null")},
		"aud empty":            {"aud": ""},
		"aud an empty array":   {"aud": []string{}},
		"aud a number":         {"aud": 42},
		"aud an object":        {"aud": map[string]bool{"order-status": true}},
		"aud with a number":    {"aud": []any{"order-status", 1}},
		"aud in two arrays":    {"aud": [][]string{{"order-status"}}},
		"aud longer":           {"aud": "order-status-2"},
		"aud shorter":          {"aud": "order"},
		"aud with a slash":     {"aud": "order-status/"},
		"aud as a URL":         {"aud": "https://order-status"},
		"aud a list in a text": {"aud": "order-status human-resource"},
		"aud in capitals":      {"aud": "Order-Status"},
		"aud with a space":     {"aud": "order-status "},
		"another aud":          {"aud": "human-resource"},
	}
}

func ahead(d time.Duration) int64 { return time.Now().Add(d).Unix() }

// Token returns a token of customer-portal for order-status, with these changes.
func (i *Issuer) Token(claims testutil.Claims, opts ...testutil.MintOption) string {
	all := testutil.Claims{"aud": "order-status", "azp": "customer-portal", "sub": "customer-portal", "scope": "orders.read"}
	maps.Copy(all, claims)
	return i.Mint(all, opts...)
}

// payload returns the payload of a good token, with more members at its beginning.
func (i *Issuer) payload(more string) []byte {
	text, err := json.Marshal(testutil.Claims{
		"iss": i.URL(), "aud": "order-status", "azp": "customer-portal", "sub": "customer-portal", "scope": "orders.read", "typ": "Bearer",
		"iat": ahead(0), "exp": ahead(time.Minute), "jti": "1",
	})
	if err != nil {
		panic(err) // it is JSON
	}
	return append([]byte("{"+more), text[1:]...)
}

// publicPEM returns the public key in PEM, for a forger who uses it as a secret.
func publicPEM(key *testutil.Key) []byte {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(err) // it is a key
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// unsigned returns a token without its signature.
func unsigned(token string) string { return token[:strings.LastIndex(token, ".")+1] }
