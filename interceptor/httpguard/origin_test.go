package httpguard_test

import (
	"net/http"
	"testing"

	"github.com/grpcaud/grpcaud/interceptor/httpguard"
)

const page = "https://portal.example.com"

// TestPreflight shows that preflights pass for declared origins alone, tell nothing about
// routes, and reach no handler.
func TestPreflight(t *testing.T) {
	w := newWorld(t, setup{
		options: []httpguard.Option{httpguard.AllowOrigins(page)},
		handle:  func(http.ResponseWriter, *http.Request) { t.Error("the handler ran") },
	})
	for _, protocol := range protocols {
		c := w.client(t, protocol)
		for _, path := range []string{getting, "/unknown", "/v1/%2e%2e/x"} {
			got := ask(t, c, "OPTIONS", path, "Origin", page, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization,x-request-id")
			for name, want := range map[string]string{
				"Access-Control-Allow-Origin": page, "Access-Control-Allow-Methods": "GET", "Access-Control-Allow-Headers": "authorization,x-request-id",
				"Access-Control-Allow-Credentials": "", "Access-Control-Max-Age": "600", "Vary": "Origin",
			} {
				if got.status != 204 || got.header.Get(name) != want {
					t.Errorf("%s %s: %d, %s %q, want %q", protocol, path, got.status, name, got.header.Get(name), want)
				}
			}
		}
		for name, headers := range map[string][]string{
			"another origin":          {"Origin", "https://evil.example", "Access-Control-Request-Method", "GET"},
			"a part of it":            {"Origin", "https://portal.example.com.evil.example", "Access-Control-Request-Method", "GET"},
			"another scheme":          {"Origin", "http://portal.example.com", "Access-Control-Request-Method", "GET"},
			"another port":            {"Origin", "https://portal.example.com:8443", "Access-Control-Request-Method", "GET"},
			"no origin":               {"Access-Control-Request-Method", "GET"},
			"null":                    {"Origin", "null", "Access-Control-Request-Method", "GET"},
			"two origins":             {"Origin", page, "Origin", "https://evil.example", "Access-Control-Request-Method", "GET"},
			"no method: no preflight": {"Origin", page},
		} {
			if got := ask(t, c, "OPTIONS", getting, headers...); (verdict{got.status, got.problem.Reason}) != missing {
				t.Errorf("%s, %s: %d %s, want %v", protocol, name, got.status, got.problem.Reason, missing)
			}
		}
	}
}

// TestOriginsMayReadAnswers shows that scripts of declared origins can read refusals and
// answers, and others cannot.
func TestOriginsMayReadAnswers(t *testing.T) {
	w := newWorld(t, setup{options: []httpguard.Option{httpguard.AllowOrigins("https://other.example.com", page)}})
	token := "Bearer " + w.issuer.Mint(good(nil))
	for origin, want := range map[string]string{page: page, "https://evil.example": "", "": ""} {
		for authorization, status := range map[string]int{token: 200, "": 401} {
			got := ask(t, w.client(t, "HTTP/2.0"), "GET", getting, "Authorization", authorization, "Origin", origin)
			if got.status != status || got.header.Get("Access-Control-Allow-Origin") != want || (got.header.Get("Access-Control-Expose-Headers") != "") != (want != "") {
				t.Errorf("origin %q: %d, header %v", origin, got.status, got.header)
			}
			if got.header.Values("Vary")[0] != "Origin" {
				t.Errorf("origin %q: Vary %q", origin, got.header.Values("Vary"))
			}
		}
	}
}
