package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

// respond responds with a status, a content type and a body.
func respond(status int, contentType, body string, headers ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for h := headers; len(h) > 0; h = h[2:] {
			w.Header().Set(h[0], h[1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}

// oauth responds with an error of OAuth.
func oauth(status int, code, description string) http.Handler {
	body, err := json.Marshal(map[string]string{"error": code, "error_description": description})
	if err != nil {
		panic(err)
	}
	return respond(status, "application/json", string(body))
}

const page = "<!DOCTYPE html><html><title>Sign in</title></html>"

// tokenTroubles are answers of a token endpoint, by preset, and what the commands say.
var tokenTroubles = []struct {
	name, preset string
	answer       http.Handler
	code         int
	want         string // empty: there is no fix
}{
	{"wrong secret at Keycloak", "keycloak", oauth(401, "unauthorized_client", "Invalid client or Invalid client credentials"), 1, `fix  the secret of client "customer-portal", from file /etc/grpcaud/customer-portal.secret (/etc/grpcaud/access.yaml:22), was not accepted by https://idp.example.com/realms/corp`},
	{"wrong secret at Entra", "entra", oauth(401, "invalid_client", "AADSTS7000215: Invalid client secret provided. Trace ID: 1"), 1, `the secret of client "customer-portal", from file`},
	{"unknown app at Entra", "entra", oauth(400, "unauthorized_client", "AADSTS700016: Application with identifier 'x' was not found"), 1, `fix  https://idp.example.com/realms/corp knows no client "customer-portal"`},
	{"wrong secret at Auth0", "auth0", oauth(401, "access_denied", "Unauthorized"), 1, `the secret of client "customer-portal", from file`},
	{"not authorized at Auth0", "auth0", oauth(403, "access_denied", `Client is not authorized to access "order-status".`), 1, `fix  authorize client "customer-portal" for the API "order-status"`},
	{"grant is off at Keycloak", "keycloak", oauth(401, "unauthorized_client", "Client not enabled to retrieve service account"), 1, "Service account roles"},
	{"one of two scopes at Keycloak", "keycloak", oauth(400, "invalid_scope", "Invalid scopes: orders.read"), 1, "assign the client scopes orders.read"},
	{"a code that is not known", "keycloak", oauth(400, "interaction_required", "come back"), 1, ""},
	{"an empty code", "keycloak", oauth(400, "", ""), 1, ""},
	{"302", "keycloak", testutil.RespondRedirect("https://login.example.com/?secret=x"), 2, `fix  the answer leads to "https://login.example.com", often a login page`},
	{"401 with a page", "keycloak", respond(401, "text/html", page), 1, "fix  a web page came instead of JSON"},
	{"401 without a body", "keycloak", respond(401, "", ""), 1, "did not authenticate the client: check the secret of client"},
	{"403 with a page", "keycloak", respond(403, "text/html; charset=utf-8", page), 1, "fix  a web page came instead of JSON"},
	{"403 with JSON", "keycloak", respond(403, "application/json", `{"message":"forbidden by policy 7"}`), 1, ""},
	{"404", "keycloak", respond(404, "", ""), 1, "fix  nothing is there: check the address of the token endpoint (token_url in issuers.corp (/etc/grpcaud/access.yaml:3)"},
	{"200 with a page", "keycloak", respond(200, "text/html", page), 2, "fix  a web page came instead of JSON"},
	{"503", "keycloak", respond(503, "", ""), 2, ""},
}

// TestRemediesOfTokenRequests shows what token, call and doctor advise if the issuer gives
// no token, and that they advise nothing where nothing is known.
func TestRemediesOfTokenRequests(t *testing.T) {
	for _, row := range tokenTroubles {
		t.Run(row.name, func(t *testing.T) {
			f := newField(t)
			f.change(t, "preset: keycloak", "preset: "+row.preset)
			f.issuer.Fault(testutil.Token, row.answer)
			for _, command := range [][]string{
				{"token", "--as", "customer-portal", "--for", "order-status"},
				{"call", "--as", "customer-portal", "--for", "order-status", "--addr", "127.0.0.1:1", "--plaintext", "GetOrderStatus"},
			} {
				r := f.run(t, command[0], command[1:]...)
				out := f.steady(r.stdout + r.stderr)
				if r.code != row.code || !strings.Contains(out, row.want) || strings.Contains(out, "fix  ") != (row.want != "") {
					t.Errorf("%s: exit status %d, want %d with %q in\n%s", command[0], r.code, row.code, row.want, out)
				}
			}
			r := f.run(t, "doctor", "--client", "customer-portal")
			text := strings.TrimPrefix(row.want, "fix  ")
			if n := strings.Count(f.steady(r.stdout), text); r.code != row.code || row.want != "" && n != 1 {
				t.Errorf("doctor: exit status %d, and the remedy %d times, want %d and once in\n%s", r.code, n, row.code, f.steady(r.stdout))
			}
		})
	}
}

// TestRemedyNamesTheVariable shows that a secret is told by its environment variable, and
// the line of the file that names it.
func TestRemedyNamesTheVariable(t *testing.T) {
	f := newField(t)
	f.issuer.Fault(testutil.Token, oauth(401, "unauthorized_client", "Invalid client or Invalid client credentials"))
	r := f.run(t, "token", "--as", "order-status", "--for", "human-resource")
	if out, want := f.steady(r.stdout), `the secret of client "order-status", from environment variable GRPCAUD_TEST_ORDER_STATUS_SECRET (/etc/grpcaud/access.yaml:24), was not accepted by`; !strings.Contains(out, want) {
		t.Errorf("got\n%s, want %q in it", out, want)
	}
	t.Setenv("GRPCAUD_TEST_ORDER_STATUS_SECRET", "")
	r = f.run(t, "token", "--as", "order-status", "--for", "human-resource")
	r.want(t, 2, "environment variable GRPCAUD_TEST_ORDER_STATUS_SECRET is missing or empty", "access.yaml:24")
}

// TestProvidersOwnWords shows that a provider's words reach the reader, up to 1 KiB of
// them, and without the secret.
func TestProvidersOwnWords(t *testing.T) {
	f := newField(t)
	point := strings.Repeat("x", 900) + " the point"
	f.issuer.Fault(testutil.Token, oauth(400, "temporary_trouble", secretOf("customer-portal")+" "+point))
	f.run(t, "token", "--as", "customer-portal", "--for", "order-status").want(t, 1, "the point", "[redacted]")
	f.issuer.Fault(testutil.Token, respond(403, "application/json", `{"error": {"code": 403, "message": "forbidden by policy 7"}}`))
	f.run(t, "token", "--as", "customer-portal", "--for", "order-status").want(t, 1, "forbidden by policy 7")
}

// TestRemediesOfMetadataAndKeys shows what is advised if the metadata or the keys of an
// issuer cannot be had.
func TestRemediesOfMetadataAndKeys(t *testing.T) {
	for _, row := range []struct {
		name   string
		at     testutil.Endpoint
		answer http.Handler
		want   string // empty: there is no fix
	}{
		{"metadata: 404", testutil.Discovery, respond(404, "", ""), "fix  https://idp.example.com/realms/corp publishes no metadata"},
		{"metadata: a page", testutil.Discovery, respond(403, "text/html", page), "fix  a web page came instead of JSON"},
		{"metadata: 302", testutil.Discovery, testutil.RespondRedirect("https://login.example.com/x"), `leads to "https://login.example.com"`},
		{"metadata: a slash", testutil.Discovery, respond(200, "application/json", `{"issuer":"ISSUER/"}`), "only by a trailing slash"},
		{"metadata: another host", testutil.Discovery, respond(200, "application/json", `{"issuer":"https://sso.corp.internal/realms/corp"}`), "its host"},
		{"metadata: 503", testutil.Discovery, respond(503, "", ""), ""},
		{"keys: 404", testutil.JWKS, respond(404, "", ""), "fix       nothing is there: check the address of the keys (jwks in issuers.corp (/etc/grpcaud/access.yaml:3)"},
		{"keys: a page", testutil.JWKS, respond(200, "text/html", page), "fix       it is HTML or XML"},
		{"keys: 403 with a page", testutil.JWKS, respond(403, "text/html", page), "fix       a web page came instead of JSON"},
		{"keys: 302", testutil.JWKS, testutil.RespondRedirect("https://login.example.com/x"), `leads to "https://login.example.com"`},
		{"keys: metadata in their place", testutil.JWKS, respond(200, "application/json", `{"issuer":"x","jwks_uri":"y"}`), "it is the metadata of an issuer"},
		{"keys: 500", testutil.JWKS, respond(500, "", ""), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newField(t)
			answer := row.answer
			if row.name == "metadata: a slash" {
				answer = respond(200, "application/json", fmt.Sprintf(`{"issuer":%q}`, f.issuer.URL()+"/"))
			}
			f.issuer.Fault(row.at, answer)
			r := f.run(t, "token", "--as", "customer-portal", "--for", "order-status")
			out := f.steady(r.stdout + r.stderr)
			if r.code != 2 || !strings.Contains(out, row.want) || strings.Contains(out, "  fix  ") != (row.want != "") {
				t.Errorf("exit status %d, want 2 with %q in\n%s", r.code, row.want, out)
			}
		})
	}
}

// TestRemediesOfKeysFiles shows that a file which holds no keys is told by what it holds.
func TestRemediesOfKeysFiles(t *testing.T) {
	issuer, _ := corp(t)
	raw := token(issuer, nil)
	for _, row := range []struct{ name, file, want string }{
		{"certificates by id", `{"a1":"-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"}`, "it is a map of X.509 certificates"},
		{"metadata", `{"issuer":"https://idp.example.com/realms/corp","jwks_uri":"https://idp.example.com/jwks"}`, "it is the metadata of an issuer"},
		{"PEM", "-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----\n", "it is PEM"},
		{"private key", "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\n", "it is PEM, with a private key"},
		{"one key", `{"kty":"EC","crv":"P-256"}`, "it is a single key"},
		{"list", `[{"kty":"EC"}]`, "it is a list"},
		{"page", page, "it is HTML or XML"},
		{"empty", "", "it is empty"},
		{"token", "eyJhbGciOiJub25lIn0.e30.", "it is a token"},
		{"object", "{}", "it is JSON without keys"},
		{"text", "keys", "it is no JSON"},
		{"missing", "", "names a file that is not there"},
	} {
		t.Run(row.name, func(t *testing.T) {
			keys := file(t, "keys.json", row.file)
			if row.name == "missing" {
				os.Remove(keys)
			}
			matrix := file(t, "access.yaml", "version: 1\nissuers: {corp: {url: https://idp.example.com/realms/corp, preset: keycloak, keys_file: "+keys+"}}\n"+
				"services: {orders: {grpc: [acme.Orders], audience: order-status, allow: [{clients: [customer-portal], methods: [Get], scopes: none}]}}\nclients: {customer-portal: {}}\n")
			r := run(t, raw, "explain", matrix, "--service", "orders", "--method", "Get")
			r.want(t, 2, "unknown: KEYS_UNAVAILABLE", row.want)
			if strings.Contains(r.stdout, "can be reached") || strings.Contains(r.stdout, "MII") {
				t.Errorf("a file is told to be an issuer that cannot be reached, or repeated:\n%s", r.stdout)
			}
		})
	}
}

// fieldMatrixOf is a matrix for the tokens of the field, signed by k1 of keys.
func fieldMatrixOf(t *testing.T, url, preset, audience, keys string) string {
	return file(t, "access.yaml", "version: 1\nissuers:\n  acme: {url: \""+url+"\", preset: "+preset+", keys_file: "+keys+"}\n"+
		"services:\n  order-status:\n    audience: \""+audience+"\"\n    grpc: [acme.orders.v1.OrderStatus]\n"+
		"    allow:\n      - {clients: [portal], methods: [GetOrderStatus], scopes: none}\nclients:\n  portal: {id: c41d9e0b-7f26-4a35-b8d1-6e0f3a2b5c74}\n")
}

// TestFieldTokens shows the verdict, the cause and the remedy for tokens as they are met.
func TestFieldTokens(t *testing.T) {
	const (
		tenant   = "9b2f1c1e-5d0a-4b7e-8f3a-2c6d7e8f9a0b"
		other    = "11111111-2222-4333-8444-555555555555"
		app      = "c41d9e0b-7f26-4a35-b8d1-6e0f3a2b5c74"
		keycloak = "https://idp.example.com/realms/corp"
		v1, v2   = "https://sts.windows.net/" + tenant + "/", "https://login.microsoftonline.com/" + tenant + "/v2.0"
		orders   = "https://orders.example.com"
	)
	entraV2 := func(more testutil.Claims) testutil.Claims {
		all := testutil.Claims{"iss": v2, "aud": other, "azp": app, "sub": "s", "ver": "2.0", "tid": tenant, "scope": nil, "jti": nil, "typ": nil}
		for name, value := range more {
			all[name] = value
		}
		return all
	}
	for _, row := range []struct {
		name, url, preset, audience string
		claims                      testutil.Claims
		cause, want                 string
	}{
		{"Entra v1 under entra", v1, "entra", "api://orders", testutil.Claims{"iss": v1, "aud": "api://orders", "azp": nil, "appid": app, "ver": "1.0", "typ": nil}, "TYPE_NOT_ALLOWED", "write preset: entra-v1"},
		{"another tenant", "https://login.microsoftonline.com/" + other + "/v2.0", "entra", other, entraV2(nil), "ISSUER_UNKNOWN", "another tenant issued the token: " + tenant},
		{"40 hours", keycloak, "keycloak", orders, testutil.Claims{"aud": orders, "iat": time.Now().Unix(), "exp": time.Now().Add(40*time.Hour + 5*time.Minute).Unix()}, "LIFETIME_TOO_LONG", "write max_lifetime: 40h5m in issuers.acme ("},
		{"port", keycloak, "keycloak", orders, testutil.Claims{"aud": orders + ":443"}, "AUDIENCE_MISMATCH", "only by the port :443"},
		{"gRPC service", keycloak, "keycloak", orders, testutil.Claims{"aud": orders + "/acme.orders.v1.OrderStatus"}, "AUDIENCE_MISMATCH", "only by the path \"/acme.orders.v1.OrderStatus\" at its end"},
		{"dns", keycloak, "keycloak", orders, testutil.Claims{"aud": "dns:///orders.example.com:443"}, "AUDIENCE_MISMATCH", "only by its scheme and the port :443"},
		{"host and port", keycloak, "keycloak", orders, testutil.Claims{"aud": "orders.example.com:443"}, "AUDIENCE_MISMATCH", "only by its scheme and the port :443"},
		{"case", keycloak, "keycloak", orders, testutil.Claims{"aud": "https://ORDERS.example.com"}, "AUDIENCE_MISMATCH", "only by upper and lower case"},
		{"scheme", keycloak, "keycloak", orders, testutil.Claims{"aud": "http://orders.example.com"}, "AUDIENCE_MISMATCH", "only by its scheme"},
		{"slash", keycloak, "keycloak", orders, testutil.Claims{"aud": orders + "/"}, "AUDIENCE_MISMATCH", "only by a trailing slash"},
		{"issuer with a slash", keycloak + "/", "keycloak", orders, testutil.Claims{"aud": orders}, "ISSUER_UNKNOWN", "url under issuers must be what tokens have in iss"},
		{"no typ claim", keycloak, "keycloak", orders, testutil.Claims{"aud": orders, "typ": nil}, "TYPE_NOT_ALLOWED", "the access tokens of Keycloak have the claim typ"},
		{"only the preset is missing", keycloak, "rfc9068", orders, testutil.Claims{"aud": orders}, "TYPE_NOT_ALLOWED", "write preset: keycloak in issuers.acme ("},
		{"bound by DPoP", keycloak, "keycloak", orders, testutil.Claims{"aud": orders, "cnf": map[string]any{"jkt": "x"}}, "BINDING_UNSUPPORTED", "switch DPoP off"},
	} {
		t.Run(row.name, func(t *testing.T) {
			issuer, keys := corp(t)
			claims := testutil.Claims{"azp": app}
			for name, value := range row.claims {
				claims[name] = value
			}
			matrix := fieldMatrixOf(t, row.url, row.preset, row.audience, keys)
			r := run(t, token(issuer, claims), "explain", matrix, "--service", "order-status", "--method", "GetOrderStatus")
			r.want(t, 1, "refused: "+row.cause, row.want)
			for _, never := range []string{"map[", "add a mapper of type Audience", "can be reached"} {
				if strings.Contains(r.stdout, never) {
					t.Errorf("got %q in\n%s", never, r.stdout)
				}
			}
			r = run(t, token(issuer, claims), "explain", matrix, "--service", "order-status", "--method", "GetOrderStatus", "-o", "json")
			var out struct {
				Cause string
				Peer  struct{ Reason string }
			}
			if err := json.Unmarshal([]byte(r.stdout), &out); err != nil || out.Cause != row.cause || out.Peer.Reason == "" {
				t.Errorf("JSON has cause %q and reason %q, want %q and one: %v", out.Cause, out.Peer.Reason, row.cause, err)
			}
		})
	}
}

// TestRemediesOfPastedTokens shows what is said of texts that are no whole token.
func TestRemediesOfPastedTokens(t *testing.T) {
	issuer, keys := corp(t)
	raw := token(issuer, nil)
	parts := strings.Split(raw, ".")
	for _, row := range []struct{ name, text, cause, want string }{
		{"opaque", "2YotnFZFEjr1zCsicMWpAA", "TOKEN_MALFORMED", "this may be an opaque token"},
		{"opaque with one dot", "ory_at_x.y", "TOKEN_MALFORMED", "this may be an opaque token"},
		{"signature taken away by a proxy", parts[0] + "." + parts[1] + ".SIGNATURE_REMOVED_BY_GOOGLE", "SIGNATURE_INVALID", "x-serverless-authorization"},
		{"half", parts[0] + "." + parts[1], "TOKEN_MALFORMED", "Give the whole token"},
	} {
		explainOrder(t, row.text, "--jwks", keys, "--offline").want(t, 1, "refused: "+row.cause, row.want)
	}
	r := explainOrder(t, "Bearer Bearer "+raw, "--jwks", keys)
	if r.want(t, 0, `"Bearer" stood there more than once`); strings.Contains(r.stdout, "line breaks") {
		t.Errorf("got a note about line breaks:\n%s", r.stdout)
	}
}

// TestExplainError shows that error texts of other stacks are explained without a file,
// and with one beside the verdict.
func TestExplainError(t *testing.T) {
	run(t, "", "explain", "--error", "Access token validation failure. Invalid audience.").want(t, 0, "error about: audience", "Microsoft Graph", "https://graph.microsoft.com")
	run(t, "", "explain", "--error", `error="invalid_token",error_description="The audience '0f2b6a3e-5d1c-4f7a-8b0e-2c4d6e8f0a1c' is invalid"`).want(t, 0, "error about: audience", "ASP.NET", "token had")
	run(t, "", "explain", "--error", "method has no access rule (NO_POLICY, request ABC)").want(t, 0, "error about: method", "grpcaud", "name it under methods")
	run(t, "", "explain", "--error", "audience: TRANSPORT_INSECURE: got plaintext").want(t, 0, "error about: transport", "with TLS")
	run(t, "", "explain", "--error", "token invalid; reason TOKEN_INVALID").want(t, 0, "error about: token", "the log of the service has the cause")
	run(t, "", "explain", "--error", "the kettle is on fire").want(t, 2, "unknown: grpcaud does not know this text")
	run(t, "", "explain", "--error", "the kettle is on fire", "-o", "json").want(t, 2, `"known": false`)
	issuer, keys := corp(t)
	raw := token(issuer, testutil.Claims{"aud": "account"})
	run(t, "", "explain", "--error", "jwt audience invalid. expected: order-status", "--token-file", file(t, "token", raw)).want(t, 0, "error about: audience", "aud, iss, azp of the token", `"account"`)
	explainOrder(t, raw, "--error", "Audiences in Jwt are not allowed", "--jwks", keys).want(t, 1, "error about: audience", "Envoy, Istio", "refused: AUDIENCE_MISMATCH")
	explainOrder(t, raw, "--error", "Audiences in Jwt are not allowed", "--jwks", keys, "-o", "json").want(t, 1, `"about": "audience"`, `"verdict": "refused"`)
	run(t, "", "explain", "--error", "x\x1b[31m audience is invalid '\u202e'").want(t, 0, "error about: audience")
	run(t, "", "explain", company, "--error", "invalid audience").want(t, 2, "missing --method (the method that is called")
	run(t, "", "explain").want(t, 2, "want the access matrix")
}

// TestExplainOfAMethodThatIsNotNamed shows that it is said when the entry for all methods
// judges a method, and, with descriptors, whether there is such a method.
func TestExplainOfAMethodThatIsNotNamed(t *testing.T) {
	issuer, keys := corp(t)
	raw := token(issuer, testutil.Claims{"azp": "backoffice-portal", "scope": "orders.read orders.write"})
	args := []string{"--service", "order-status", "--method", "Frobnicate", "--jwks", keys}
	run(t, raw, append([]string{"explain", company}, args...)...).want(t, 0, `the file does not name "Frobnicate"`, "only with --descriptors")
	set := companyDescriptors(t)
	run(t, raw, append([]string{"explain", company, "--descriptors", set}, args...)...).want(t, 0, `acme.orders.v1.OrderStatus has no method "Frobnicate"`, "UNIMPLEMENTED")
	run(t, raw, "explain", company, "--service", "kettle", "--method", "Get").want(t, 2, `no service "kettle" in the file; there are human-resource, order-status`)
}

// TestCallBesideEcho shows that a short name means the service's own method where the
// service also lists the one of grpcaud serve.
func TestCallBesideEcho(t *testing.T) {
	issuer, keys := corp(t)
	matrix := file(t, "access.yaml", "version: 1\nissuers: {corp: {url: https://idp.example.com/realms/corp, preset: keycloak}}\n"+
		"services: {orders: {grpc: [acme.Orders, grpcaud.echo.v1.Echo], audience: order-status, allow: [{clients: [customer-portal], methods: [\"*\"], scopes: none}]}}\nclients: {customer-portal: {}}\n")
	run(t, token(issuer, nil), "explain", matrix, "--service", "orders", "--method", "Get", "--jwks", keys).want(t, 0, "/acme.Orders/Get")
	run(t, token(issuer, nil), "explain", matrix, "--service", "orders", "--method", "Say", "--jwks", keys).want(t, 0, "/grpcaud.echo.v1.Echo/Say")
}

// TestDoctorOfClientsThatAreTheirOwnAudience shows that the id of a client in its own
// tokens is no finding.
func TestDoctorOfClientsThatAreTheirOwnAudience(t *testing.T) {
	f := newField(t)
	f.register("order-status", map[string][]string{"human-resource": nil, "https://api.parcels.example": nil, "order-status": nil})
	f.issuer.Fault(testutil.Token, f.issuer.Alter(testutil.Token, func(answer map[string]any) {
		issued, ok := answer["access_token"].(string)
		if !ok {
			return // it is a refusal
		}
		claims := f.claims(issued)
		claims["aud"] = []any{claims["aud"], "order-status"}
		answer["access_token"] = f.issuer.Mint(claims)
	}))
	f.run(t, "doctor", "--client", "order-status").want(t, 0, "0 to fix")
}

// TestTheNameOfAGRPCServiceIsRecognised shows that every command which takes a service of
// the matrix says which one has the gRPC service of that name.
func TestTheNameOfAGRPCServiceIsRecognised(t *testing.T) {
	const grpc = "acme.orders.v1.OrderStatus"
	for _, args := range [][]string{
		{"doctor", company, "--service", grpc},
		{"doctor", company, "--live", grpc + "=127.0.0.1:1", "--live-method", "GetOrderStatus"},
		{"doctor", company, "--live", "order-status=127.0.0.1:1", "--live-method", "GetOrderStatus", "--live-other", grpc},
		{"call", company, "--as", "customer-portal", "--for", grpc, "--addr", "127.0.0.1:1"},
		{"call", company, "--token-file", file(t, "token", "x"), "--for", grpc, "--addr", "127.0.0.1:1"},
		{"token", company, "--as", "customer-portal", "--for", grpc},
		{"serve", company, "--service", grpc},
		{"explain", company, "--service", grpc, "--method", "GetOrderStatus"},
		{"matrix", company, "--service", grpc},
		{"export", company, "--to", "istio", "--service", grpc},
	} {
		run(t, "x", args...).want(t, 2, `no service "`+grpc+`" in the file: it is a gRPC service of "order-status"`)
	}
}
