package presented

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

// misshapen returns good tokens that are sent in a wrong form, and tokens whose payload has
// one.
func (i *Issuer) misshapen() []Row {
	good := i.Token(nil)
	all := []Row{
		{"two passwords", []string{"Basic YTpi", "Basic YTpi"}, false},
		{"the scheme in capitals", []string{"BEARER " + good}, true},
	}
	for name, value := range i.missent(good) {
		all = append(all, Row{name, []string{value}, false})
	}
	for name, payload := range i.miswritten() {
		all = append(all, Row{name, []string{"Bearer " + i.Token(nil, testutil.RawPayload(payload))}, false})
	}
	return all
}

// missent returns wrong values of the header with a good token.
func (i *Issuer) missent(good string) map[string]string {
	return map[string]string{
		"two schemes":                    "Basic Zm9v== Bearer " + good,
		"a parameter before":             "x; Bearer " + good,
		"letters before the scheme":      "xBearer " + good,
		"signs between scheme and token": "Bearer ==%%" + good,
		"the scheme twice":               "Bearer Bearer " + good,
		"a parameter after":              "Bearer " + good + ";x",
		"padding after the token":        "Bearer " + good + "=",
		"a comma after the token":        "Bearer " + good + ",",
		"a second token after":           "Bearer " + good + " " + good,
		"a tab after the scheme":         "Bearer\t" + good,
		"a fourth part":                  "Bearer " + good + ".",
		"the scheme alone":               "Bearer ",
		"an empty value":                 "",
		"another value first":            "Basic YTpi, Bearer " + good,
		"signature, unused bits":         "Bearer " + bent(good),
		"a token of 18 KiB":              "Bearer " + i.Token(testutil.Claims{"pad": strings.Repeat("x", 13<<10)}),
		"an encrypted token":             "Bearer " + encoded(`{"alg":"RSA-OAEP","enc":"A256GCM"}`) + ".YQ.YQ.YQ.YQ",
		"a JWS in JSON":                  `Bearer {"payload":"e30","protected":"e30","signature":"YQ"}`,
		"a signature of zeros":           "Bearer " + unsigned(good) + strings.Repeat("A", 86),
		"a signature of another token":   "Bearer " + unsigned(good) + strings.SplitN(i.Token(testutil.Claims{"jti": "2"}), ".", 3)[2],
		"a dot before the token":         "Bearer ." + good,
		"two dots":                       "Bearer " + strings.Replace(good, ".", "..", 1),
	}
}

// miswritten returns payloads that are not written as JSON, or read in two ways.
func (i *Issuer) miswritten() map[string][]byte {
	return map[string][]byte{
		"a name twice, within":  i.payload(`"act":{"sub":"a","sub":"b"},`),
		"beyond UTF-8":          i.payload(`"name":"` + "\xff" + `",`),
		"half a character":      i.payload(`"name":"\ud800",`),
		"nested 40 deep":        i.payload(`"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `,`),
		"more after the object": append(i.payload(""), "{}"...),
		"a comment":             i.payload(`/**/`),
		"a name without quotes": i.payload(`x:1,`),
		"a comma too many":      i.payload(`"x":[1,],`),
		"single quotes":         i.payload(`'x':1,`),
		"a number from zero":    i.payload(`"x":01,`),
		"a number too large":    i.payload(`"exp":1e400,`),
		"a raw control":         i.payload("\"x\":\"a\tb\","),
		"a wrong escape":        i.payload(`"x":"\q",`),
		"NaN as a number":       i.payload(`"x":NaN,`),
		"a byte order mark":     append([]byte("\ufeff"), i.payload("")...),
	}
}

func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// bent sets unused bits in the last letter of a token.
func bent(token string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	return token[:last] + letters[strings.IndexByte(letters, token[last])+1:][:1]
}

// misheaded returns tokens with a forbidden header.
func (i *Issuer) misheaded() []Row {
	all := []Row{
		{"a header name twice", []string{"Bearer " + i.Token(nil, testutil.RawHeader([]byte(`{"alg":"ES256","alg":"ES256","typ":"JWT","kid":"`+i.Key.ID()+`"}`)))}, false},
	}
	for name, header := range map[string]testutil.Claims{
		"crit empty":        {"crit": []string{}},
		"b64 true":          {"b64": true},
		"b64 false":         {"b64": false},
		"the issuer's key":  {"jwk": i.Key.JWK()},
		"jku":               {"jku": i.URL() + "/jwks"},
		"x5u":               {"x5u": i.URL() + "/certs"},
		"alg nOnE":          {"alg": "nOnE"},
		"alg another":       {"alg": "ES384"},
		"kid a path":        {"kid": "../../etc/keys"},
		"kid of 4 KiB":      {"kid": strings.Repeat("k", 4<<10)},
		"typ of a proof":    {"typ": "dpop+jwt"},
		"kid a number":      {"kid": 1},
		"kid null":          {"kid": json.RawMessage("null")},
		"kid empty":         {"kid": ""},
		"typ null":          {"typ": json.RawMessage("null")},
		"typ empty":         {"typ": ""},
		"typ an array":      {"typ": []string{"JWT"}},
		"a header of 5 KiB": {"pad": strings.Repeat("x", 5<<10)},
	} {
		var opts []testutil.MintOption
		for name, value := range header {
			opts = append(opts, testutil.Header(name, value))
		}
		all = append(all, Row{name, []string{"Bearer " + i.Token(nil, opts...)}, false})
	}
	return all
}

// misformed returns changes of a token that give a claim a forbidden form.
func misformed() map[string]testutil.Claims {
	all := map[string]testutil.Claims{
		"a year, in its last 23 hours": {"iat": ahead(-364 * 24 * time.Hour), "exp": ahead(23 * time.Hour)},
		"30 days, in its last hour":    {"iat": ahead(-30 * 24 * time.Hour), "exp": ahead(time.Hour)},
		"25 hours, in its last minute": {"iat": ahead(-25 * time.Hour), "exp": ahead(time.Minute)},
		"25 hours, without iat":        {"iat": nil, "exp": ahead(25 * time.Hour)},
		"iat a text":                   {"iat": "1"},
		"iat zero":                     {"iat": 0},
		"nbf a text":                   {"nbf": "1"},
		"nbf null":                     {"nbf": json.RawMessage("null")},
		"aud with nothing":             {"aud": []string{"order-status", ""}},
		"aud with null":                {"aud": []any{"order-status", nil}},
		"aud with an object":           {"aud": []any{"order-status", testutil.Claims{}}},
		"azp null":                     {"azp": json.RawMessage("null")},
		"client_id a number":           {"client_id": 9},
		"client_id null":               {"client_id": json.RawMessage("null")},
		"typ in an array":              {"typ": []string{"Bearer"}},
		"jti a number":                 {"jti": 9},
		"sid empty":                    {"sid": ""},
		"acr an array":                 {"acr": []string{"gold"}},
		"sub empty":                    {"sub": ""},
		"sub null":                     {"sub": json.RawMessage("null")},
		"sub with a line break":        {"sub": "a\nb"},
		"sub with a delete":            {"sub": "a\x7f"},
		"sub of 1025 bytes":            {"sub": strings.Repeat("x", 1025)},
		"a login without sub":          {"sub": nil, "sid": "s"},
		"a timed login without sub":    {"sub": nil, "auth_time": ahead(-time.Minute)},
	}
	maps.Copy(all, misscoped())
	maps.Copy(all, mistyped())
	return all
}

// mistyped returns changes of a token that give a claim a value of a forbidden type.
func mistyped() map[string]testutil.Claims {
	all := map[string]testutil.Claims{
		"sources of claims, a text": {"_claim_sources": testutil.Claims{"src1": "a"}},
		"a role that is an object":  {"realm_access": testutil.Claims{"roles": []any{testutil.Claims{}}}},
		"roles of a client, a text": {"resource_access": testutil.Claims{"orders": "a"}},
	}
	for claim, values := range map[string][]any{
		"act":       {9, "a text", true, []any{}, nothing, testutil.Claims{}, actors(9, ""), actors(1, 9), actors(1, "a\nb"), actors(2, testutil.Claims{}), actors(9, "a")},
		"auth_time": {"now", -1, 0, 1 << 53, nothing, []any{}},
		"realm_access": {
			9, "admin", nothing,
			[]any{},
			testutil.Claims{},
			testutil.Claims{"roles": "a"},
			testutil.Claims{"roles": nothing},
			testutil.Claims{"roles": testutil.Claims{}},
			testutil.Claims{"roles": []any{"a", 1}},
			testutil.Claims{"roles": []any{""}},
			testutil.Claims{"roles": []any{nothing}},
			testutil.Claims{"roles": []any{[]any{}}},
			testutil.Claims{"roles": []any{true}},
		},
		"resource_access": {9, "admin", nothing, []any{}},
	} {
		for _, value := range values {
			text, err := json.Marshal(value)
			if err != nil {
				panic(err) // it is JSON
			}
			all[claim+" "+short(string(text))] = testutil.Claims{claim: value}
		}
	}
	return all
}

// onlyRulesAsk reports whether a row of [misformed] is about a claim that no rule of the
// service asks about, so that it is admitted.
func onlyRulesAsk(row string) bool {
	claim, _, _ := strings.Cut(row, " ")
	return slices.Contains([]string{"acr", "auth_time", "realm_access", "resource_access"}, claim) ||
		slices.Contains([]string{"a role that is an object", "roles of a client, a text", "scope, a space before", "scope, a space after", "scope, two spaces"}, row)
}

var nothing = json.RawMessage("null")

// actors returns a chain of actors that ends with the one of this name.
func actors(length int, last any) testutil.Claims {
	if length == 1 {
		return testutil.Claims{"sub": last}
	}
	return testutil.Claims{"sub": "a", "act": actors(length-1, last)}
}

func short(text string) string { return text[:min(len(text), 40)] }

// misscoped returns scopes in a forbidden form.
func misscoped() map[string]testutil.Claims {
	all := map[string]testutil.Claims{}
	for name, scope := range map[string]any{
		"a space before":     " orders.read",
		"a space after":      "orders.read ",
		"two spaces":         "openid  orders.read",
		"a quote":            `orders.read "x"`,
		"a backslash":        `orders.read a\b`,
		"beyond ASCII":       "orders.read \u00e9",
		"a line break":       "openid\norders.read",
		"a line break after": "orders.read\n",
		"a delete":           "orders.read \x7f",
		"empty":              "",
		"null":               nothing,
		"a number":           9,
		"two in an array":    []string{"openid", "orders.read"},
		"an object":          testutil.Claims{"orders.read": true},
	} {
		all["scope, "+name] = testutil.Claims{"scope": scope}
	}
	return all
}
