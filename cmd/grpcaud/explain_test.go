package main_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

func TestExplainGolden(t *testing.T) {
	for _, row := range []struct {
		name   string
		code   int
		claims testutil.Claims
		args   []string
	}{
		{"explain-admitted", 0, nil, nil},
		{"explain-json", 1, testutil.Claims{"aud": "account"}, []string{"-o", "json"}},
		{"explain-audience", 1, testutil.Claims{"aud": "Human-Resource", "azp": "backoffice-portal"}, []string{"--service", "human-resource", "--method", "GetEmployee"}},
		{"explain-expired", 1, testutil.Claims{"exp": 946684800 - 180}, nil},
		{"explain-scope", 1, testutil.Claims{"scope": "orders.list"}, nil},
		{"explain-client", 1, testutil.Claims{"azp": "batch"}, nil},
		{"explain-public", 0, nil, []string{"--method", "/grpc.health.v1.Health/Check"}},
		{"explain-no-rule", 1, nil, []string{"--method", "DeleteOrder"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			issuer, keys := corp(t)
			args := append([]string{"explain", company, "--service", "order-status", "--method", "GetOrderStatus", "--jwks", keys, "--offline"}, row.args...)
			r := run(t, token(issuer, row.claims), args...)
			r.want(t, row.code)
			golden(t, row.name, r.stdout)
		})
	}
}

// explainOrder explains a token at GetOrderStatus of the company's file.
func explainOrder(t *testing.T, token string, args ...string) result {
	t.Helper()
	return run(t, token, append([]string{"explain", company, "--service", "order-status", "--method", "GetOrderStatus"}, args...)...)
}

func TestExplainCleansPastedTokens(t *testing.T) {
	issuer, keys := corp(t)
	raw := token(issuer, nil)
	for _, row := range []struct{ name, text, note string }{
		{"plain", raw, ""},
		{"line break at the end", raw + "\r\n", ""},
		{"byte order mark", "\ufeff" + raw, ""},
		{"line breaks", raw[:40] + "\n" + raw[40:90] + "\r\n  " + raw[90:], "the token had line breaks or spaces"},
		{"bearer", "bearer  " + raw, `"Bearer" stood before the token`},
		{"header", "Authorization: Bearer " + raw, "the name of the header"},
		{"quotes", `"` + raw + `"`, "quotes"},
		{"response of a token endpoint", `{"access_token": "` + raw + `", "expires_in": 300}`, "the input is the response of a token endpoint"},
	} {
		r := explainOrder(t, row.text, "--jwks", keys, "-o", "json")
		r.want(t, 0, `"verdict": "admitted"`)
		var out struct{ Notes []string }
		if err := json.Unmarshal([]byte(r.stdout), &out); err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(out.Notes) > 1 { // beside the one that it is live
			got = out.Notes[0]
		}
		if !strings.HasPrefix(got, row.note) || (got == "") != (row.note == "") {
			t.Errorf("%s: note = %q, want %q", row.name, got, row.note)
		}
	}
	explainOrder(t, "", "--jwks", keys, "--token-file", file(t, "token", raw)).want(t, 0, "admitted")
}

func TestExplainRefuses(t *testing.T) {
	issuer, keys := corp(t)
	raw := token(issuer, nil)
	parts := strings.Split(raw, ".")
	for _, row := range []struct {
		name, token string
		texts       []string
	}{
		{"forged", token(issuer, nil, testutil.SignedBy(testutil.NewKey("ES256")), testutil.Header("kid", "k1")), []string{"refused: SIGNATURE_INVALID", "TOKEN_INVALID"}},
		{"another issuer", token(issuer, testutil.Claims{"iss": "https://evil.example.com"}), []string{"refused: ISSUER_UNKNOWN", "https://idp.example.com/realms/corp"}},
		{"ID token", token(issuer, testutil.Claims{"typ": "ID"}), []string{"refused: TYPE_NOT_ALLOWED", "an ID token tells a client who logged in"}},
		{"JWE", strings.Join([]string{parts[0], "a", "b", "c", "d"}, "."), []string{"refused: TOKEN_MALFORMED", "five parts are an encrypted token (JWE)"}},
		{"opaque", "2YotnFZFEjr1zCsicMWpAA", []string{"refused: TOKEN_MALFORMED", "this may be an opaque token"}},
		{"JWS in JSON", `{"payload":"e30","signatures":[]}`, []string{"refused: TOKEN_MALFORMED", "only the compact one is accepted"}},
		{"no signature", parts[0] + "." + parts[1] + ".", []string{"refused: TOKEN_MALFORMED", "the signature is missing"}},
		{"too large", strings.Repeat("x", 20<<10), []string{"refused: TOKEN_TOO_LARGE"}},
		{"binary", "\x00\x1b[31m\xff\xfe", []string{"refused: TOKEN_MALFORMED"}},
		{"escape in a claim", token(issuer, testutil.Claims{"azp": "batch", "note": "\x1b[31m\u202e"}), []string{"refused: CLIENT_NOT_ALLOWED", `\u001b[31m\u202e`}},
		{"claim twice", token(issuer, nil, testutil.RawPayload([]byte(`{"iss":"https://idp.example.com/realms/corp","aud":"a","aud":"order-status"}`))), []string{"refused: CLAIMS_MALFORMED", `"aud"`}},
	} {
		r := explainOrder(t, row.token, "--jwks", keys, "--offline")
		r.want(t, 1, row.texts...)
		if strings.ContainsAny(r.stdout, "\x1b\u202e\x00") {
			t.Errorf("%s: control characters reach the terminal: %q", row.name, r.stdout)
		}
	}
}

func TestExplainCannotFindOut(t *testing.T) {
	issuer, _ := corp(t)
	raw := token(issuer, nil)
	explainOrder(t, raw, "--offline").want(t, 2, "unknown: KEYS_UNAVAILABLE", "got a token that was not verified, since the issuer was not asked (--offline), want one that its issuer vouches for",
		"leave out --offline, or give the keys of the issuer with --jwks", "if the token is genuine it is admitted", "??  genuine", "ok  audience")

	// What the rule refuses in any case is refused.
	explainOrder(t, token(issuer, testutil.Claims{"aud": "account"}), "--offline").want(t, 1, "refused: AUDIENCE_MISMATCH", "??  genuine", "in any case")
	explainOrder(t, token(issuer, testutil.Claims{"at_hash": "h"}), "--offline").want(t, 1, "refused: TYPE_NOT_ALLOWED", "??  genuine")

	// Nobody listens at port 1 of a loopback address.
	down := strings.NewReplacer("https://idp.example.com/realms/corp", "http://127.0.0.1:1", "preset: keycloak", "insecure: loopback, preset: keycloak")
	matrix := file(t, "access.yaml", "version: 1\nissuers: {corp: {"+down.Replace("url: https://idp.example.com/realms/corp, preset: keycloak")+"}}\n"+
		"services: {orders: {grpc: [acme.Orders], audience: order-status, allow: [{clients: [customer-portal], methods: [Get], scopes: none}]}}\nclients: {customer-portal: {}}\n")
	r := run(t, token(issuer, testutil.Claims{"iss": "http://127.0.0.1:1"}), "explain", matrix, "--service", "orders", "--method", "Get")
	r.want(t, 2, "unknown: KEYS_UNAVAILABLE", "connection refused", "UNAVAILABLE: token cannot be judged now")
	if strings.Contains(r.stdout, "do not paste it") {
		t.Errorf("a token of a loopback issuer is said to be live:\n%s", r.stdout)
	}
}

func TestExplainAsksTheIssuer(t *testing.T) {
	issuer, keys := corp(t)
	stop, base, err := issuer.Listen("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	matrix := func(keys string) string {
		return "version: 1\nissuers: {corp: {url: https://idp.example.com/realms/corp, preset: keycloak, " + keys + "}}\n" +
			"services: {orders: {grpc: [acme.Orders], audience: order-status, allow: [{clients: [customer-portal], methods: [Get], scopes: none}]}}\nclients: {customer-portal: {}}\n"
	}
	args := []string{"--service", "orders", "--method", "acme.Orders/Get"}
	overHTTP := file(t, "access.yaml", matrix("insecure: loopback, jwks: "+base+"/realms/corp/jwks"))
	run(t, issuer.Mint(testutil.Claims{"aud": "order-status", "azp": "customer-portal", "sub": "alice"}), append([]string{"explain", overHTTP}, args...)...).want(t, 0, "admitted")
	fromFile := file(t, "access.yaml", matrix("keys_file: "+keys))
	run(t, token(issuer, nil), append([]string{"explain", fromFile, "--offline"}, args...)...).want(t, 0, "admitted")
}

func TestExplainWarnsOfLiveTokens(t *testing.T) {
	issuer, _ := corp(t)
	for _, row := range []struct {
		iss  string
		life time.Duration
		want bool
	}{
		{"https://idp.example.com", time.Hour, true},
		{"https://idp.example.com", -time.Second, false},
		{"https://localhost:8443", time.Hour, false},
		{"https://[::1]/realms/x", time.Hour, false},
		{"http://idp.example.com", time.Hour, false},
		{"corp", time.Hour, false},
	} {
		raw := token(issuer, testutil.Claims{"iss": row.iss, "exp": time.Now().Add(row.life).Unix()})
		if got := strings.Contains(explainOrder(t, raw, "--offline").stdout, "do not paste it into chats or tickets"); got != row.want {
			t.Errorf("a token of %s for %v: warned = %t, want %t", row.iss, row.life, got, row.want)
		}
	}
}

func TestExplainHidesTheSignature(t *testing.T) {
	issuer, keys := corp(t)
	for _, claims := range []testutil.Claims{nil, {"aud": "account"}} {
		raw := token(issuer, claims)
		signature := raw[strings.LastIndexByte(raw, '.')+1:]
		for _, format := range []string{"text", "json"} {
			r := explainOrder(t, raw, "--jwks", keys, "-o", format)
			if strings.Contains(r.stdout+r.stderr, signature) {
				t.Errorf("%s: the signature is shown:\n%s%s", format, r.stdout, r.stderr)
			}
		}
	}
}

func TestExplainOfARollout(t *testing.T) {
	issuer, keys := corp(t)
	matrix := file(t, "access.yaml", "version: 1\nissuers: {corp: {url: https://idp.example.com/realms/corp, preset: keycloak}}\n"+
		"services: {orders: {grpc: [acme.Orders], audience: order-status, rollout: [{mode: observe, until: "+time.Now().Add(48*time.Hour).Format(time.DateOnly)+"}], "+
		"allow: [{clients: [batch], methods: [Get], scopes: none}]}}\nclients: {batch: {}}\n")
	run(t, "opaque", "explain", matrix, "--service", "orders", "--method", "Get", "--jwks", keys).want(t, 1, "refused: TOKEN_MALFORMED", "not enforced yet (observe)")
	r := run(t, token(issuer, testutil.Claims{"cnf": map[string]string{"x5t#S256": strings.Repeat("A", 43)}}), "explain", matrix, "--service", "orders", "--method", "Get", "--jwks", keys)
	r.want(t, 1, "refused: CLIENT_NOT_ALLOWED", "not enforced yet (observe)", "bound to a certificate")
}

func TestExplainWrongUse(t *testing.T) {
	for _, row := range []struct {
		want string
		args []string
	}{
		{`and --service (the service of the matrix that is called); see grpcaud explain --help`, nil},
		{`no service "orders" in the file`, []string{"--service", "orders", "--method", "Get"}},
		{`no service "order-statu" in the file, did you mean "order-status"?`, []string{"--service", "order-statu", "--method", "Get"}},
		{`service "order-status" consists of acme.orders.v1.OrderStatus, not of acme.Other`, []string{"--service", "order-status", "--method", "acme.Other/Get"}},
		{"no token: give one by --token-file", []string{"--service", "order-status", "--method", "GetOrderStatus"}},
		{"open missing", []string{"--service", "order-status", "--method", "GetOrderStatus", "--token-file", "missing"}},
		{"more than 256 KiB", []string{"--service", "order-status", "--method", "GetOrderStatus", "--token-file", file(t, "large", strings.Repeat("x", 1<<19))}},
		{"unknown flag: --jwk; see grpcaud explain --help", []string{"--jwk", "x"}},
	} {
		run(t, "", append([]string{"explain", company}, row.args...)...).want(t, 2, "grpcaud: ", row.want)
	}
	run(t, "x", "explain", "testdata/rich.yaml", "--service", "invoices", "--method", "Get").want(t, 2, "write the method with its gRPC service, such as acme.invoices.v1.Invoices/Get")
	issuer, _ := corp(t)
	explainOrder(t, token(issuer, nil), "--jwks", file(t, "keys", "{}")).want(t, 2, "static keys")
	explainOrder(t, token(issuer, nil), "-o", "yaml").want(t, 2, "want one of text, json")
}

func TestExplainNotesAMisspelledMethod(t *testing.T) {
	issuer, keys := corp(t)
	run(t, token(issuer, nil), "explain", company, "--service", "order-status", "--method", "GetOrderState", "--jwks", keys).want(t, 1, `the file does not name "GetOrderState", did you mean "GetOrderStatus"?`)
}

// TestExplainFixes shows that the fix depends on what is wrong.
func TestExplainFixes(t *testing.T) {
	issuer, keys := corp(t)
	raw := token(issuer, nil)
	matrix := func(callers string) string {
		return file(t, "access.yaml", "version: 1\nissuers: {corp: {url: https://idp.example.com/realms/corp, preset: keycloak}}\n"+
			"services: {orders: {grpc: [acme.Orders], audience: order-status, allow: [{clients: [customer-portal], methods: [Get], scopes: none, callers: "+callers+"}]}}\nclients: {customer-portal: {}}\n")
	}
	service := token(issuer, testutil.Claims{"sub": "service", "preferred_username": "service-account-customer-portal", "client_id": "customer-portal"})
	for _, row := range []struct{ name, token, callers, want string }{
		{"service for a user", service, "users", "services.orders.allow[0] is for users: call with a token that was exchanged"},
		{"user for a service", raw, "services", "services.orders.allow[0] is for services that call as themselves"},
		{"issuer", token(issuer, testutil.Claims{"iss": "https://evil.example.com"}), "users", "fix       if its tokens are to be accepted, add it under issuers"},
		{"type", token(issuer, testutil.Claims{"typ": "ID"}), "users", "fix       this is an ID token"},
		{"key", token(issuer, nil, testutil.SignedBy(testutil.NewKey("ES256")), testutil.Header("kid", "k2")), "users", "fix       the issuer has no such key"},
		{"forged", token(issuer, nil, testutil.SignedBy(testutil.NewKey("ES256"))), "users", "fix       check whether the token was truncated or altered"},
		{"opaque", "2YotnFZFEjr1zCsicMWpAA", "users", "have the issuer write JWTs for this audience, or, if its tokens stay opaque, set introspection under issuers"},
		{"half", raw[:strings.LastIndexByte(raw, '.')], "users", "Give the whole token"},
		{"less than half", raw[:10], "users", "Give the whole token"},
		{"too old", token(issuer, testutil.Claims{"exp": 1000}), "users", "(now less 30s leeway)"},
		{"too large", strings.Repeat("x", 20<<10), "users", "refused: TOKEN_TOO_LARGE"},
	} {
		r := run(t, row.token, "explain", matrix(row.callers), "--service", "orders", "--method", "Get", "--jwks", keys)
		if r.code != 1 || !strings.Contains(r.stdout, row.want) {
			t.Errorf("%s: exit status %d, want %q in\n%s%s", row.name, r.code, row.want, r.stdout, r.stderr)
		}
	}
	r := run(t, "opaque", "explain", matrix("users"), "--service", "orders", "--method", "Put", "--jwks", keys)
	if r.want(t, 1, "name it under methods of an entry"); strings.Contains(r.stdout, "introspection") {
		t.Errorf("a method without a rule is told to be a matter of the token:\n%s", r.stdout)
	}
}

// TestExplainTrustsTheAuthorityOfTheIssuer shows that --issuer-ca is for issuers whose
// certificate is from a private authority.
func TestExplainTrustsTheAuthorityOfTheIssuer(t *testing.T) {
	f := newField(t)
	raw := file(t, "token", f.issuer.Mint(testutil.Claims{"aud": "order-status", "azp": "customer-portal", "sub": "alice", "scope": "orders.read"}))
	args := []string{"explain", f.matrix, "--service", "order-status", "--method", "GetOrderStatus", "--token-file", raw}
	for _, row := range []struct {
		code int
		want string
		args []string
	}{
		{0, "admitted", []string{"--issuer-ca", f.ca}},
		{2, "unknown: KEYS_UNAVAILABLE", nil},
		{2, "no such file", []string{"--issuer-ca", "missing"}},
		{2, "[issuer-ca offline]", []string{"--issuer-ca", f.ca, "--offline"}},
	} {
		run(t, "", append(args, row.args...)...).want(t, row.code, row.want)
	}
}
