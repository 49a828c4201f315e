package conformance_test

import (
	"encoding/json"
	"maps"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

// misshapen are good tokens that come in another way than they should.
func (f *fence) misshapen() []presented {
	good := f.token(nil)
	var all []presented
	for name, value := range map[string]string{
		"T64 two schemes":            "Basic Zm9v== Bearer " + good,
		"T64 a parameter before":     "x; Bearer " + good,
		"T64 letters before":         "xBearer " + good,
		"T64 signs between":          "Bearer ==%%" + good,
		"T64 the scheme twice":       "Bearer Bearer " + good,
		"T64 a parameter after":      "Bearer " + good + ";x",
		"T64 padding after":          "Bearer " + good + "=",
		"T64 a comma after":          "Bearer " + good + ",",
		"T64 a second token after":   "Bearer " + good + " " + good,
		"T64 a tab":                  "Bearer\t" + good,
		"T64 a fourth part":          "Bearer " + good + ".",
		"T64 the scheme alone":       "Bearer ",
		"T64 nothing":                "",
		"T63 another value first":    "Basic YTpi, Bearer " + good,
		"T19 signature, unused bits": "Bearer " + bent(good),
		"T66 of 18 KiB":              "Bearer " + f.token(testutil.Claims{"pad": strings.Repeat("x", 13<<10)}),
		"T35 a name twice, within":   "Bearer " + f.token(nil, testutil.RawPayload(f.payload(`"act":{"sub":"a","sub":"b"},`))),
		"T35 beyond UTF-8":           "Bearer " + f.token(nil, testutil.RawPayload(f.payload(`"name":"`+"\xff"+`",`))),
		"T35 half a character":       "Bearer " + f.token(nil, testutil.RawPayload(f.payload(`"name":"\ud800",`))),
		"T35 nested 40 deep":         "Bearer " + f.token(nil, testutil.RawPayload(f.payload(`"x":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+`,`))),
		"T35 more after the object":  "Bearer " + f.token(nil, testutil.RawPayload(append(f.payload(""), "{}"...))),
		"T35 a comment":              "Bearer " + f.token(nil, testutil.RawPayload(f.payload(`/**/`))),
		"T35 a name without quotes":  "Bearer " + f.token(nil, testutil.RawPayload(f.payload(`x:1,`))),
		"T35 a comma too many":       "Bearer " + f.token(nil, testutil.RawPayload(f.payload(`"x":[1,],`))),
		"T35 single quotes":          "Bearer " + f.token(nil, testutil.RawPayload(f.payload(`'x':1,`))),
		"T35 a number from zero":     "Bearer " + f.token(nil, testutil.RawPayload(f.payload(`"x":01,`))),
		"T35 a number too large":     "Bearer " + f.token(nil, testutil.RawPayload(f.payload(`"exp":1e400,`))),
		"T35 a raw control":          "Bearer " + f.token(nil, testutil.RawPayload(f.payload("\"x\":\"a\tb\","))),
		"T35 a wrong escape":         "Bearer " + f.token(nil, testutil.RawPayload(f.payload(`"x":"\q",`))),
		"T64 a dot before":           "Bearer ." + good,
		"T64 two dots":               "Bearer " + strings.Replace(good, ".", "..", 1),
		"T35 NaN":                    "Bearer " + f.token(nil, testutil.RawPayload(f.payload(`"x":NaN,`))),
		"T35 a byte order mark":      "Bearer " + f.token(nil, testutil.RawPayload(append([]byte("\ufeff"), f.payload("")...))),
	} {
		all = append(all, presented{name, []string{value}, false})
	}
	return append(all,
		presented{"T62 two passwords", []string{"Basic YTpi", "Basic YTpi"}, false},
		presented{"T64 the scheme in capitals", []string{"BEARER " + good}, true},
	)
}

// bent spells the last letter of a token with bits that stand for nothing.
func bent(token string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	return token[:last] + letters[strings.IndexByte(letters, token[last])+1:][:1]
}

// misheaded are tokens with a header that they must not have.
func (f *fence) misheaded() []presented {
	all := []presented{
		{"T20 a header name twice", []string{"Bearer " + f.token(nil, testutil.RawHeader([]byte(`{"alg":"ES256","alg":"ES256","typ":"JWT","kid":"`+f.key.ID()+`"}`)))}, false},
	}
	for name, header := range map[string]testutil.Claims{
		"T20 crit empty":        {"crit": []string{}},
		"T20 b64 true":          {"b64": true},
		"T20 b64 false":         {"b64": false},
		"T9 the issuer's key":   {"jwk": f.key.JWK()},
		"T10 jku":               {"jku": f.issuer.URL() + "/jwks"},
		"T10 x5u":               {"x5u": f.issuer.URL() + "/certs"},
		"T12 kid a number":      {"kid": 1},
		"T12 kid null":          {"kid": json.RawMessage("null")},
		"T12 kid empty":         {"kid": ""},
		"T43 typ null":          {"typ": json.RawMessage("null")},
		"T43 typ empty":         {"typ": ""},
		"T43 typ an array":      {"typ": []string{"JWT"}},
		"T21 a header of 5 KiB": {"pad": strings.Repeat("x", 5<<10)},
	} {
		var opts []testutil.MintOption
		for name, value := range header {
			opts = append(opts, testutil.Header(name, value))
		}
		all = append(all, presented{name, []string{"Bearer " + f.token(nil, opts...)}, false})
	}
	return all
}

// misformed are changes of a token after which a claim has a form that it must not
// have.
func misformed() map[string]testutil.Claims {
	all := map[string]testutil.Claims{
		"T41 a year, in its last 23 hours": {"iat": ahead(-364 * 24 * time.Hour), "exp": ahead(23 * time.Hour)},
		"T41 30 days, in its last hour":    {"iat": ahead(-30 * 24 * time.Hour), "exp": ahead(time.Hour)},
		"T41 25 hours, in its last minute": {"iat": ahead(-25 * time.Hour), "exp": ahead(time.Minute)},
		"T41 25 hours, without iat":        {"iat": nil, "exp": ahead(25 * time.Hour)},
		"T42 iat a text":                   {"iat": "1"},
		"T42 iat zero":                     {"iat": 0},
		"T42 nbf a text":                   {"nbf": "1"},
		"T42 nbf null":                     {"nbf": json.RawMessage("null")},
		"T31 aud with nothing":             {"aud": []string{"order-status", ""}},
		"T31 aud with null":                {"aud": []any{"order-status", nil}},
		"T31 aud with an object":           {"aud": []any{"order-status", testutil.Claims{}}},
		"T39 azp null":                     {"azp": json.RawMessage("null")},
		"T39 client_id a number":           {"client_id": 9},
		"T39 client_id null":               {"client_id": json.RawMessage("null")},
		"T43 typ in an array":              {"typ": []string{"Bearer"}},
		"T44 jti a number":                 {"jti": 9},
		"T44 sid empty":                    {"sid": ""},
		"T44 acr an array":                 {"acr": []string{"gold"}},
		"T46 sub empty":                    {"sub": ""},
		"T46 sub null":                     {"sub": json.RawMessage("null")},
		"T46 sub with a line break":        {"sub": "a\nb"},
		"T46 sub with a delete":            {"sub": "a\x7f"},
		"T46 sub of 1025 bytes":            {"sub": strings.Repeat("x", 1025)},
		"T46 a login without sub":          {"sub": nil, "sid": "s"},
		"T46 a timed login without sub":    {"sub": nil, "auth_time": ahead(-time.Minute)},
	}
	maps.Copy(all, misscoped())
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
			all["T48 "+claim+" "+short(string(text))] = testutil.Claims{claim: value}
		}
	}
	all["T48 sources of claims, a text"] = testutil.Claims{"_claim_sources": testutil.Claims{"src1": "a"}}
	all["T48 a role that is an object"] = testutil.Claims{"realm_access": testutil.Claims{"roles": []any{testutil.Claims{}}}}
	all["T48 roles of a client, a text"] = testutil.Claims{"resource_access": testutil.Claims{"orders": "a"}}
	return all
}

var nothing = json.RawMessage("null")

// actors is a chain of actors, the last of which is called so.
func actors(length int, last any) testutil.Claims {
	if length == 1 {
		return testutil.Claims{"sub": last}
	}
	return testutil.Claims{"sub": "a", "act": actors(length-1, last)}
}

func short(text string) string { return text[:min(len(text), 40)] }

// misscoped are scopes that are none.
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
		all["T45 scope, "+name] = testutil.Claims{"scope": scope}
	}
	return all
}
