package logout_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

// badTokens are logout tokens that are refused, each with its cause.
func badTokens(o *office) map[string]struct{ token, cause string } {
	stranger := testutil.NewIssuer("https://login.stranger.example")
	other := testutil.NewKey("ES256")
	good := o.token(statement(nil))
	header, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"logout+jwt"}`))
	inner := o.token(statement(nil))
	idToken := testutil.Claims{"aud": portal, "sub": "alice", "sid": "s-1", "nonce": "n"}
	return map[string]struct{ token, cause string }{
		"another issuer":             {stranger.Mint(statement(nil), testutil.Header("typ", "logout+jwt")), "ISSUER_UNKNOWN"},
		"another issuer's key":       {o.token(statement(nil), testutil.SignedBy(other)), "KEY_UNKNOWN"},
		"a key id that is taken":     {o.token(statement(nil), testutil.SignedBy(other), testutil.Header("kid", kid(header))), "SIGNATURE_INVALID"},
		"a changed payload":          {header + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(decoded(payload), "alice", "admin", 1))) + "." + signature, "SIGNATURE_INVALID"},
		"not signed":                 {unsigned + "." + payload + ".AA", "ALGORITHM_NOT_ALLOWED"},
		"no signature":               {unsigned + "." + payload + ".", "TOKEN_MALFORMED"},
		"HS256":                      {o.token(statement(nil), testutil.Header("alg", "HS256")), "ALGORITHM_NOT_ALLOWED"},
		"its own key":                {o.token(statement(nil), testutil.SignedBy(other), testutil.Header("jwk", other.JWK())), "TOKEN_MALFORMED"},
		"a key elsewhere":            {o.token(statement(nil), testutil.Header("jku", "https://evil.example/")), "TOKEN_MALFORMED"},
		"an extension":               {o.token(statement(nil), testutil.Header("crit", []string{"exp"})), "TOKEN_MALFORMED"},
		"a nested token":             {o.token(nil, testutil.Header("cty", "JWT"), testutil.RawPayload([]byte(inner))), "CLAIMS_MALFORMED"},
		"an encrypted token":         {good + ".AA.AA", "TOKEN_MALFORMED"},
		"no token":                   {"x", "TOKEN_MALFORMED"},
		"a line break":               {good + "\n", "TOKEN_MALFORMED"},
		"an access token":            {o.issuer.Mint(testutil.Claims{"aud": portal, "sub": "alice", "sid": "s-1", "client_id": portal}), "TYPE_NOT_ALLOWED"},
		"an ID token":                {o.issuer.Mint(idToken, testutil.Header("typ", "JWT")), "TYPE_NOT_ALLOWED"},
		"an ID token by that type":   {o.token(idToken), "CLAIM_MISSING"},
		"no type":                    {o.token(statement(nil), testutil.Header("typ", nil)), "TYPE_NOT_ALLOWED"},
		"another event token":        {o.token(statement(nil), testutil.Header("typ", "secevent+jwt")), "TYPE_NOT_ALLOWED"},
		"another client":             {o.token(changed("aud", "other")), "AUDIENCE_MISMATCH"},
		"the client's name":          {o.token(changed("aud", "customer-portal")), "AUDIENCE_MISMATCH"},
		"nobody":                     {o.token(changed("aud", []string{})), "AUDIENCE_MISMATCH"},
		"no aud":                     {o.token(changed("aud", nil)), "CLAIM_MISSING"},
		"aud of another type":        {o.token(changed("aud", 1)), "CLAIMS_MALFORMED"},
		"the nonce of an ID token":   {o.token(changed("nonce", "n")), "CLAIMS_MALFORMED"},
		"an empty nonce":             {o.token(changed("nonce", "")), "CLAIMS_MALFORMED"},
		"a null nonce":               {o.token(changed("nonce", json.RawMessage("null"))), "CLAIMS_MALFORMED"},
		"a nonce in capitals":        {o.token(changed("NONCE", "n")), "CLAIMS_MALFORMED"},
		"no events":                  {o.token(changed("events", nil)), "CLAIM_MISSING"},
		"events of another type":     {o.token(changed("events", event)), "CLAIMS_MALFORMED"},
		"events in a list":           {o.token(changed("events", []string{event})), "CLAIMS_MALFORMED"},
		"another event":              {o.token(changed("events", map[string]any{"https://schemas.openid.net/secevent/risc/event-type/account-disabled": map[string]any{}})), "CLAIMS_MALFORMED"},
		"a longer event":             {o.token(changed("events", map[string]any{event + "/": map[string]any{}})), "CLAIMS_MALFORMED"},
		"an event in capitals":       {o.token(changed("events", map[string]any{strings.ToUpper(event): map[string]any{}})), "CLAIMS_MALFORMED"},
		"a null event":               {o.token(changed("events", map[string]any{event: nil})), "CLAIMS_MALFORMED"},
		"a true event":               {o.token(changed("events", map[string]any{event: true})), "CLAIMS_MALFORMED"},
		"events in capitals":         {o.token(statement(map[string]any{"events": nil, "Events": map[string]any{event: map[string]any{}}})), "CLAIM_MISSING"},
		"neither sid nor sub":        {o.token(statement(map[string]any{"sid": nil, "sub": nil})), "CLAIM_MISSING"},
		"an empty sid":               {o.token(changed("sid", "")), "CLAIMS_MALFORMED"},
		"a null sid":                 {o.token(changed("sid", json.RawMessage("null"))), "CLAIMS_MALFORMED"},
		"a sid of another type":      {o.token(changed("sid", []string{"s-1"})), "CLAIMS_MALFORMED"},
		"a sid with a line break":    {o.token(changed("sid", "s-1\nlevel=ERROR")), "CLAIMS_MALFORMED"},
		"a sid of 2000 bytes":        {o.token(changed("sid", strings.Repeat("s", 2000))), "CLAIMS_MALFORMED"},
		"an empty sub":               {o.token(changed("sub", "")), "CLAIMS_MALFORMED"},
		"no jti":                     {o.token(changed("jti", nil)), "CLAIM_MISSING"},
		"an empty jti":               {o.token(changed("jti", "")), "CLAIMS_MALFORMED"},
		"no iat":                     {o.token(changed("iat", nil)), "CLAIM_MISSING"},
		"an iat that is text":        {o.token(changed("iat", "now")), "CLAIMS_MALFORMED"},
		"an iat ahead":               {o.token(statement(map[string]any{"iat": in(time.Hour), "exp": in(2 * time.Hour)})), "NOT_YET_VALID"},
		"an iat of yesterday":        {o.token(statement(map[string]any{"iat": in(-24 * time.Hour), "exp": in(time.Hour)})), "TOKEN_TOO_OLD"},
		"no exp":                     {o.token(changed("exp", nil)), "CLAIM_MISSING"},
		"an exp that has passed":     {o.token(statement(map[string]any{"iat": in(-5 * time.Minute), "exp": in(-3 * time.Minute)})), "EXPIRED"},
		"a claim twice":              {o.token(nil, testutil.RawPayload(twice(decoded(payload)))), "CLAIMS_MALFORMED"},
		"claims that are no object":  {o.token(nil, testutil.RawPayload([]byte("[]"))), "CLAIMS_MALFORMED"},
		"a token of 20000 bytes":     {o.token(changed("x", strings.Repeat("x", 20000))), "TOKEN_TOO_LARGE"},
		"an issuer of another type":  {o.token(changed("iss", 1)), "ISSUER_UNKNOWN"},
		"the issuer with a slash":    {o.token(changed("iss", corp+"/")), "ISSUER_UNKNOWN"},
		"an access token with event": {o.issuer.Mint(statement(nil)), "TYPE_NOT_ALLOWED"},
	}
}

func kid(header string) string {
	var members struct{ Kid string }
	if err := json.Unmarshal([]byte(decoded(header)), &members); err != nil {
		panic(err)
	}
	return members.Kid
}

func decoded(part string) string {
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// twice returns a payload that names another session too.
func twice(payload string) []byte { return []byte(`{"sid":"s-2",` + payload[1:]) }
