package httpguard_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

const (
	getting  = "/v1/orders/7"
	watching = "/v1/orders/7/events"
)

// verdict is what the peer learns of a refusal.
type verdict struct {
	status int
	reason audience.Reason
}

var (
	missing   = verdict{401, audience.ReasonCredentialsMissing}
	malformed = verdict{401, audience.ReasonCredentialsMalformed}
	invalid   = verdict{401, audience.ReasonTokenInvalid}
	expired   = verdict{401, audience.ReasonTokenExpired}
	mismatch  = verdict{401, audience.ReasonAudienceMismatch}
	client    = verdict{403, audience.ReasonClientNotAllowed}
	scope     = verdict{403, audience.ReasonScopeInsufficient}
	noPolicy  = verdict{403, audience.ReasonNoPolicy}
	insecure  = verdict{401, audience.ReasonTransportInsecure}
)

// TestEachReasonRefusesRequests shows that each reason refuses requests in each version of
// HTTP, short ones and long ones, and that the handler does not run.
func TestEachReasonRefusesRequests(t *testing.T) {
	ran := false
	w := newWorld(t, setup{handle: func(http.ResponseWriter, *http.Request) { ran = true }})
	stranger, elsewhere := testutil.NewKey("ES256"), testutil.NewIssuer("https://login.partner.example")
	token := w.issuer.Mint(good(nil))
	mint := func(changes testutil.Claims, opts ...testutil.MintOption) []string {
		return []string{"Bearer " + w.issuer.Mint(good(changes), opts...)}
	}
	for _, row := range []struct {
		name   string
		values []string
		want   verdict
	}{
		{"no authorization", nil, missing},
		{"another scheme", []string{"Basic YTpi"}, missing},
		{"no scheme", []string{token}, missing},
		{"empty", []string{""}, missing},
		{"no token", []string{"Bearer"}, malformed},
		{"two in one", []string{"Bearer " + token + ", Bearer " + token}, malformed},
		{"the same twice", []string{"Bearer " + token, "Bearer " + token}, malformed},
		{"another after it", []string{"Bearer " + token, "Basic YTpi"}, malformed},
		{"a space in it", []string{"Bearer " + token[:9] + " " + token[9:]}, malformed},
		{"no token of the kind", []string{"Bearer abc"}, invalid},
		{"another key", mint(nil, testutil.SignedBy(stranger)), invalid},
		{"another issuer", []string{"Bearer " + elsewhere.Mint(good(nil))}, invalid},
		{"another audience", mint(testutil.Claims{"aud": "human-resource"}), mismatch},
		{"no audience", mint(testutil.Claims{"aud": nil}), mismatch},
		{"ended", mint(testutil.Claims{"exp": time.Now().Add(-time.Hour).Unix()}), expired},
		{"another client", mint(testutil.Claims{"client_id": "newsletter"}), client},
		{"client of another operation", mint(testutil.Claims{"client_id": "backoffice-portal"}), client},
		{"no scope", mint(testutil.Claims{"scope": ""}), scope},
	} {
		for _, protocol := range protocols {
			for _, path := range []string{getting, watching} {
				var headers []string
				for _, value := range row.values {
					headers = append(headers, "Authorization", value)
				}
				got := ask(t, w.client(t, protocol), "GET", path, headers...)
				if v := (verdict{got.status, got.problem.Reason}); v != row.want {
					t.Errorf("%s, %s %s: %v, want %v", row.name, protocol, path, v, row.want)
				}
			}
		}
	}
	if ran {
		t.Error("a handler ran")
	}
}

// TestAdmittedRequestsReachTheirHandlers shows that each operation has its handler, with
// the caller and the wildcards.
func TestAdmittedRequestsReachTheirHandlers(t *testing.T) {
	w := newWorld(t, setup{})
	portal := "Bearer " + w.issuer.Mint(good(nil))
	office := "Bearer " + w.issuer.Mint(good(testutil.Claims{"client_id": "backoffice-portal", "sub": "bob"}))
	for _, protocol := range protocols {
		c := w.client(t, protocol)
		for _, row := range []struct{ method, path, authorization, want string }{
			{"GET", getting, portal, "customer-portal alice 7"},
			{"GET", "/v1/orders/a%20b?x=y", portal, "customer-portal alice a b"},
			{"GET", watching, portal, "customer-portal alice 7"},
			{"POST", watching, portal, "customer-portal alice 7"},
			{"HEAD", getting, portal, ""},
			{"DELETE", getting, office, "backoffice-portal bob 7"},
			{"GET", "/version", "", "  "},
			{"GET", "/version", "Bearer forged", "  "},
		} {
			got := ask(t, c, row.method, row.path, "Authorization", row.authorization)
			if got.status != 200 || got.body != row.want {
				t.Errorf("%s, %s %s: %d %q, want %q", protocol, row.method, row.path, got.status, got.body, row.want)
			}
			if vary := got.header.Get("Vary"); (vary == "Authorization") == (row.path == "/version") {
				t.Errorf("%s, %s %s: Vary %q", protocol, row.method, row.path, vary)
			}
		}
	}
}

// TestRefusalTellsWhatTheClientNeeds shows the form of refusals.
func TestRefusalTellsWhatTheClientNeeds(t *testing.T) {
	w := newWorld(t, setup{policy: company(t, inService(func(s *access.Service) { s.HTTP.Resource = "https://orders.example.com/api" }))})
	noScope := "Bearer " + w.issuer.Mint(good(testutil.Claims{"scope": "profile"}))
	const metadata = `, resource_metadata="https://orders.example.com/.well-known/oauth-protected-resource/api"`
	for _, protocol := range protocols {
		c := w.client(t, protocol)
		for _, row := range []struct {
			name, method, authorization string
			status                      int
			challenge                   string
			problem                     problem
		}{
			{
				"no token", "GET", "", 401, `Bearer realm="grpcaud"` + metadata,
				problem{"Unauthorized", "credentials missing", 401, audience.ReasonCredentialsMissing, "r-1"},
			},
			{
				"forged", "GET", "Bearer x", 401, `Bearer realm="grpcaud", error="invalid_token", error_description="token invalid"` + metadata,
				problem{"Unauthorized", "token invalid", 401, audience.ReasonTokenInvalid, "r-1"},
			},
			{
				"no scope", "GET", noScope, 403, `Bearer realm="grpcaud", error="insufficient_scope", error_description="scope insufficient", scope="orders.read"` + metadata,
				problem{"Forbidden", "scope insufficient", 403, audience.ReasonScopeInsufficient, "r-1"},
			},
			{"without a body", "HEAD", "Bearer x", 401, `Bearer realm="grpcaud", error="invalid_token", error_description="token invalid"` + metadata, problem{}},
		} {
			headers := []string{"X-Request-Id", "r-1"}
			if row.authorization != "" {
				headers = append(headers, "Authorization", row.authorization)
			}
			got := ask(t, c, row.method, getting, headers...)
			if got.status != row.status || got.header.Get("WWW-Authenticate") != row.challenge {
				t.Errorf("%s, %s: %d %s, want %d %s", protocol, row.name, got.status, got.header.Get("WWW-Authenticate"), row.status, row.challenge)
			}
			if diff := cmp.Diff(row.problem, got.problem); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", protocol, row.name, diff)
			}
			for name, want := range map[string]string{"Content-Type": "application/problem+json", "Cache-Control": "no-store", "Vary": "Authorization", "X-Request-Id": "r-1"} {
				if got.header.Get(name) != want {
					t.Errorf("%s, %s: %s %q, want %q", protocol, row.name, name, got.header.Get(name), want)
				}
			}
		}
	}
}

// TestUnavailableIssuer shows that a token that cannot be judged is refused with 503 and,
// if it is known, the time for another attempt.
func TestUnavailableIssuer(t *testing.T) {
	w := newWorld(t, setup{})
	w.issuer.Down()
	token := "Bearer " + w.issuer.Mint(good(nil))
	for _, path := range []string{getting, "/unknown"} {
		got := ask(t, w.client(t, "HTTP/2.0"), "GET", path, "Authorization", token)
		if want := (verdict{503, audience.ReasonIssuerUnavailable}); (verdict{got.status, got.problem.Reason}) != want {
			t.Errorf("%s: %d %s, want %v", path, got.status, got.problem.Reason, want)
		}
		if got.header.Get("Retry-After") == "" || got.header.Get("WWW-Authenticate") != "" {
			t.Errorf("%s: header %v, want Retry-After and no challenge", path, got.header)
		}
	}
}

// TestRolloutLetsRequestsThrough shows that a refusal that is not enforced yet is counted,
// that the handler has no caller and no token, and that the peer is told in mode warn.
func TestRolloutLetsRequestsThrough(t *testing.T) {
	for mode, header := range map[access.Mode]string{access.Observe: "", access.Warn: "AUDIENCE_MISMATCH"} {
		w := newWorld(t, setup{policy: company(t, inService(func(s *access.Service) {
			s.Rollout = []access.Rollout{{Mode: mode, Until: time.Now().Add(time.Hour)}}
		}))})
		other := "Bearer " + w.issuer.Mint(good(testutil.Claims{"aud": "x"}))
		got := ask(t, w.client(t, "HTTP/1.1"), "GET", getting, "Authorization", other)
		if got.status != 200 || got.body != "  7" || got.header.Get("Grpcaud-Would-Refuse") != header {
			t.Errorf("%v: %d %q %q, want no caller, and %q", mode, got.status, got.body, got.header.Get("Grpcaud-Would-Refuse"), header)
		}
		rows := w.admit.WouldRefuse()
		if len(rows) != 1 || rows[0].Method != "order-status/GetOrderStatus" || rows[0].Client != "customer-portal" {
			t.Errorf("%v: would refuse %+v", mode, rows)
		}
		// What is no operation has no rollout.
		if got := ask(t, w.client(t, "HTTP/1.1"), "GET", "/v1/%2e%2e/orders/7", "Authorization", other); got.status != 403 {
			t.Errorf("%v: a path with an escaped dot: %d, want 403", mode, got.status)
		}
	}
}

// TestStrangersLearnNoRoutes shows that without a genuine token, a request of no operation
// is answered as one of an operation, in every part but the id.
func TestStrangersLearnNoRoutes(t *testing.T) {
	w := newWorld(t, setup{})
	for _, protocol := range protocols {
		c := w.client(t, protocol)
		for _, authorization := range []string{"", "Basic YTpi", "Bearer", "Bearer x", "Bearer " + testutil.NewIssuer("https://x.example").Mint(good(nil))} {
			known := ask(t, c, "GET", getting, "Authorization", authorization)
			for _, target := range []string{"GET /", "GET /v1", "PUT " + getting, "GET /v1/orders/7/", "GET /v1//orders/7", "GET /v1/orders/..%2f7"} {
				method, path, _ := strings.Cut(target, " ")
				got := ask(t, c, method, path, "Authorization", authorization)
				for _, name := range []string{"X-Request-Id", "Date", "Content-Length"} {
					got.header.Del(name)
					known.header.Del(name)
				}
				got.problem.RequestID, known.problem.RequestID = "", ""
				if diff := cmp.Diff(known.header, got.header) + cmp.Diff(known.problem, got.problem); got.status != known.status || diff != "" {
					t.Errorf("%s, %q, %s: %d, want %d (-want +got):\n%s", protocol, authorization, target, got.status, known.status, diff)
				}
			}
		}
		token := "Bearer " + w.issuer.Mint(good(nil))
		for _, target := range []string{"GET /", "PUT " + getting, "GET /v1/orders/7/", "OPTIONS " + getting} {
			method, path, _ := strings.Cut(target, " ")
			got := ask(t, c, method, path, "Authorization", token)
			if (verdict{got.status, got.problem.Reason}) != noPolicy {
				t.Errorf("%s, %s: %d %s, want %v", protocol, target, got.status, got.problem.Reason, noPolicy)
			}
		}
	}
	last := w.log.lines(t)[len(w.log.lines(t))-1]
	if last["cause"] != "METHOD_WITHOUT_RULE" || last["client"] != "customer-portal" || !strings.Contains(last["error"].(string), "no operation") {
		t.Errorf("line %v, want the cause, the client and why", last)
	}
}
