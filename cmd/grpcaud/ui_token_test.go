package main_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

// TestUIJudgesAToken shows the verdict on a token at every service and method.
func TestUIJudgesAToken(t *testing.T) {
	issuer, keys := corp(t)
	b := show(t, company, "--jwks", keys, "--offline")
	raw := token(issuer, nil)
	a := b.paste(t, raw)
	a.want(
		t, http.StatusOK,
		"Admitted by 1 of 2 services", "the signature was verified with the keys in the file of --jwks",
		`data-verdict="admitted" data-cause=""`, "<b>GetOrderStatus, ListOrders, WatchOrderStatus</b>", "<code>services.order-status.allow[0]</code>", "<code>"+company+":18</code>",
		`data-verdict="refused" data-cause="CLIENT_NOT_ALLOWED"`, "<b>all other methods</b>",
		`data-verdict="refused" data-cause="AUDIENCE_MISMATCH"`, "<b>GetEmployee, all other methods</b>",
		`got aud &#34;order-status&#34;, want &#34;human-resource&#34;`, "Fix: the matrix does not let client &#34;customer-portal&#34; call human-resource",
		"UNAUTHENTICATED: token is meant for another audience; reason AUDIENCE_MISMATCH", "this token is valid for",
		"<code>azp</code>", "The signature is not shown.",
	)
	wellFormed(t, a.text)
	for _, part := range strings.Split(raw, ".") {
		a.lacks(t, part)
		if strings.Contains(b.out.String()+b.log.String(), part) {
			t.Errorf("the terminal has a part of the token:\n%s%s", b.out, b.log)
		}
	}
	b.get(t, "/token").lacks(t, "azp", "data-verdict")
}

// TestUIJudgesATokenAtOperations shows the verdict where a service has HTTP operations, beside
// methods of gRPC or alone.
func TestUIJudgesATokenAtOperations(t *testing.T) {
	issuer, keys := corp(t)
	matrix := file(t, "access.yaml", `version: 1
issuers: {corp: {url: https://idp.example.com/realms/corp, preset: keycloak}}
services:
  web:
    audience: order-status
    http: {operations: {Track: 'GET /v1/parcels/{id}', Drop: 'DELETE /v1/parcels/{id}'}}
    allow: [{clients: [customer-portal], methods: [Track], scopes: none}, {clients: [office], methods: [Drop], scopes: none}]
  both:
    grpc: [acme.Both]
    http: {operations: {Get: 'GET /v1/both', Extra: 'GET /v1/extra'}}
    allow: [{clients: [office], methods: [Get], scopes: none}, {clients: [customer-portal], methods: ["*"], scopes: none}]
clients: {customer-portal: {}, office: {}}
`)
	b := show(t, matrix, "--jwks", keys, "--offline")
	b.paste(t, token(issuer, nil)).want(t, http.StatusOK, "Admitted by 1 of 2", "<b>Track</b>", "<b>Drop</b>", "<b>Get, all other methods, Extra</b>")
	b.get(t, "/").want(t, http.StatusOK, "Track (GET /v1/parcels/{id})", "customer-portal at web: ")
}

// TestUIExplainsWhyATokenIsRefused shows what the page says about each kind of mistake.
func TestUIExplainsWhyATokenIsRefused(t *testing.T) {
	issuer, keys := corp(t)
	b := show(t, company, "--jwks", keys, "--offline")
	raw := token(issuer, nil)
	parts := strings.Split(raw, ".")
	for _, row := range []struct {
		name, token string
		texts       []string
	}{
		{"near miss", token(issuer, testutil.Claims{"aud": "Order-Status"}), []string{"AUDIENCE_MISMATCH", "Order-Status", "Refused by every service"}},
		{"expired", token(issuer, testutil.Claims{"exp": time.Now().Add(-time.Hour).Unix(), "iat": time.Now().Add(-2 * time.Hour).Unix()}), []string{"EXPIRED", "60 min ago"}},
		{"scope", token(issuer, testutil.Claims{"scope": "orders.list"}), []string{"SCOPE_MISSING", "orders.list", "orders.read"}},
		{"forged", token(issuer, nil, testutil.SignedBy(testutil.NewKey("ES256")), testutil.Header("kid", "k1")), []string{"SIGNATURE_INVALID", "Not genuine"}},
		{"another issuer", token(issuer, testutil.Claims{"iss": "https://evil.example.com"}), []string{"ISSUER_UNKNOWN", "https://evil.example.com", "Not genuine"}},
		{"ID token", token(issuer, testutil.Claims{"typ": "ID"}), []string{"TYPE_NOT_ALLOWED", "an ID token tells a client who logged in"}},
		{"JWE", parts[0] + ".a.b.c.d", []string{"TOKEN_MALFORMED", "encrypted token (JWE)"}},
		{"opaque", "2YotnFZFEjr1zCsicMWpAA", []string{"TOKEN_MALFORMED", "opaque token"}},
		{"no signature", parts[0] + "." + parts[1] + ".", []string{"the signature is missing"}},
		{"long", strings.Repeat("x", 20<<10), []string{"TOKEN_TOO_LARGE"}},
		{"claim twice", token(issuer, nil, testutil.RawPayload([]byte(`{"iss":"https://idp.example.com/realms/corp","aud":"a","aud":"order-status"}`))), []string{"CLAIMS_MALFORMED"}},
		{"header and bearer", "Authorization: Bearer " + raw, []string{"Admitted by 1 of 2", "the name of the header stood before the token", "&#34;Bearer&#34; stood before the token"}},
		{"response of a token endpoint", `{"access_token":"` + raw + `"}`, []string{"Admitted by 1 of 2", "the response of a token endpoint"}},
	} {
		a := b.paste(t, row.token)
		a.want(t, http.StatusOK, row.texts...)
		if t.Failed() {
			t.Fatal(row.name)
		}
		wellFormed(t, a.text)
	}
}

// TestUIClaimsAreText shows that nothing in a token becomes markup, or is invisible.
func TestUIClaimsAreText(t *testing.T) {
	issuer, keys := corp(t)
	b := show(t, company, "--jwks", keys, "--offline")
	evil := "</dd><script>alert(1)</script>\x1b[31m\u202e\u2066\x00\u200b\ufeff\U000e0041"
	for name, raw := range map[string]string{
		"claims":      token(issuer, testutil.Claims{"azp": evil, "scope": evil, "note": evil, evil: 1, "roles": []string{evil}}),
		"audience":    token(issuer, testutil.Claims{"aud": []string{evil}}),
		"issuer":      token(issuer, testutil.Claims{"iss": evil}),
		"header":      token(issuer, nil, testutil.Header("kid", evil), testutil.Header(evil, evil)),
		"type":        token(issuer, nil, testutil.Header("typ", evil)),
		"not a token": evil,
	} {
		a := b.paste(t, raw)
		a.want(t, http.StatusOK)
		a.lacks(t, "<script>alert", "\x1b", "\u202e", "\u2066", "\x00", "\u200b", "\ufeff", "\U000e0041")
		wellFormed(t, a.text)
		if name == "claims" {
			a.want(t, http.StatusOK, `&lt;/dd&gt;&lt;script&gt;alert(1)&lt;/script&gt;\u001b[31m\u202e\u2066\u0000\u200b\ufeff\udb40\udc41`)
		}
	}
	if got := b.out.String() + b.log.String(); strings.Contains(got, "script") {
		t.Errorf("the terminal shows a claim:\n%s", got)
	}
}

// TestUIRefusesWhatIsNoToken shows the page for a form that cannot be judged. A form that is too
// large gets an answer as well.
func TestUIRefusesWhatIsNoToken(t *testing.T) {
	b := show(t, company)
	plain := func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }
	for _, row := range []struct {
		name, body string
		status     int
		want       string
		change     func(*http.Request)
	}{
		{"nothing", "token=", 400, "There is no token", nil},
		{"spaces", "token=+%0A+", 400, "There is no token", nil},
		{"257 KiB", "token=" + strings.Repeat("a", 257<<10), 413, "This is too large to be a token", nil},
		{"1 MB", "token=" + strings.Repeat("a", 1e6), 413, "This is too large to be a token", nil},
		{"9 MB", "token=" + strings.Repeat("a", 9e6), 413, "This is too large to be a token", nil},
		{"two", "token=a&token=b", 400, "The form could not be read", nil},
		{"other field", "token=a&x=b", 400, "The form could not be read", nil},
		{"no field", "", 400, "The form could not be read", nil},
		{"broken", "token=%zz", 400, "The form could not be read", nil},
		{"text", "token=a", 400, "The form could not be read", plain},
		{"no kind", "token=a", 400, "The form could not be read", func(r *http.Request) { r.Header.Del("Content-Type") }},
		{"JSON", `{"token":"a"}`, 400, "The form could not be read", func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }},
	} {
		changes := []func(*http.Request){}
		if row.change != nil {
			changes = append(changes, row.change)
		}
		a := b.send(t, b.request(t, http.MethodPost, "/token", row.body, changes...))
		if a.status != row.status || !strings.Contains(a.text, row.want) {
			t.Errorf("%s: %d\n%.3000s", row.name, a.status, a.text)
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPost} {
		b.send(t, b.request(t, method, "/", "token=a", func(r *http.Request) { r.Header.Set("Origin", b.base) })).want(t, http.StatusMethodNotAllowed)
	}
}

// TestUIReadsNoTokenFromAnAddress shows that the address of a page cannot hold a token.
func TestUIReadsNoTokenFromAnAddress(t *testing.T) {
	issuer, _ := corp(t)
	raw := token(issuer, nil)
	b := show(t, company, "--offline")
	for _, path := range []string{"/token?token=" + raw, "/?token=" + raw, "/changes?" + raw, "/token?"} {
		a := b.get(t, path)
		a.want(t, http.StatusBadRequest, "Nothing is read from an address", "revoke it")
		a.lacks(t, raw)
	}
	b.send(t, b.request(t, http.MethodPost, "/token?token="+raw, url.Values{"token": {raw}}.Encode())).want(t, http.StatusBadRequest, "Nothing is read from an address")
	b.get(t, "/"+raw).lacks(t, raw)
}

// TestUIFormKeepsNothing shows that the browser is asked to keep and to send elsewhere nothing of
// what is typed.
func TestUIFormKeepsNothing(t *testing.T) {
	show(t, company).get(t, "/token").want(
		t, http.StatusOK, `method="post" action="token" autocomplete="off"`,
		`<textarea id="token" name="token" rows="5" required autocomplete="off" autocapitalize="off" autocorrect="off" spellcheck="false"`,
		`<label for="token">`,
	)
}

// TestUISaysHowATokenWasVerified shows the four ways: keys of the issuer, a file, nobody was
// asked, nobody answers.
func TestUISaysHowATokenWasVerified(t *testing.T) {
	issuer, keys := corp(t)
	stop, base, err := issuer.Listen("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	matrix := func(keys string) string {
		return file(t, "access.yaml", "version: 1\nissuers: {corp: {url: https://idp.example.com/realms/corp, preset: keycloak, "+keys+"}}\n"+
			"services: {orders: {grpc: [acme.Orders], audience: order-status, allow: [{clients: [customer-portal], methods: [Get], scopes: none}]}}\nclients: {customer-portal: {}}\n")
	}
	for _, row := range []struct {
		name, matrix string
		args         []string
		texts        []string
	}{
		{"issuer", matrix("insecure: loopback, jwks: " + base + "/realms/corp/jwks"), nil, []string{"Admitted by 1 of 1", "the keys that its issuer publishes, https://idp.example.com/realms/corp"}},
		{"keys_file", matrix("keys_file: " + keys), []string{"--offline"}, []string{"Admitted by 1 of 1", "the keys in the keys_file of its issuer"}},
		{"offline", matrix("insecure: loopback, jwks: " + base + "/realms/corp/jwks"), []string{"--offline"}, []string{
			"Not known: the token could not be verified", "no issuer was asked (--offline)", "if the token is genuine it is admitted", `data-verdict="unknown"`, "No issuer is asked",
		}},
		{"down", matrix("insecure: loopback, jwks: http://127.0.0.1:1/jwks"), nil, []string{"Not known: the token could not be verified", "the issuer could not be asked", "connection refused"}},
	} {
		raw := issuer.Mint(testutil.Claims{"aud": "order-status", "azp": "customer-portal", "sub": "alice"})
		if row.name == "keys_file" {
			raw = token(issuer, nil)
		}
		a := show(t, row.matrix, row.args...).paste(t, raw)
		a.want(t, http.StatusOK, row.texts...)
		if t.Failed() {
			t.Fatal(row.name)
		}
	}
	b := show(t, company, "--jwks", file(t, "keys.json", "{}"))
	b.paste(t, token(issuer, nil)).want(t, http.StatusUnprocessableEntity, "The token could not be judged")
}
