package httpguard_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

// foreign are headers in which somebody else could say who calls, or what is called.
var foreign = []string{
	"Cookie", "X-Forwarded-User", "X-Auth-Request-Email", "X-Goog-Iap-Jwt-Assertion", "X-User-Id", "Proxy-Authorization", "X-Api-Key", "Dpop",
	"Grpcgateway-Authorization", "Grpc-Metadata-Authorization", "X_user", "Grpcaud-Caller", "X-Copy",
	"X-Original-Url", "X-Rewrite-Url", "X-Forwarded-Uri", "X-Forwarded-Method", "Upgrade", "Http2-Settings",
}

// TestHandlersSeeNoTokenAndNoOtherCaller shows that handlers find the caller in the context
// alone.
func TestHandlersSeeNoTokenAndNoOtherCaller(t *testing.T) {
	var seen http.Header
	handle := func(_ http.ResponseWriter, r *http.Request) { seen = r.Header }
	w := newWorld(t, setup{handle: handle})
	token := w.issuer.Mint(good(nil))
	for _, protocol := range protocols {
		for _, path := range []string{getting, "/version"} {
			headers := []string{"Authorization", "Bearer " + token, "X-Request-Id", "r-1", "Accept", "text/plain"}
			for _, name := range foreign {
				value := "h2c"
				if name == "X-Copy" {
					value = "copy of " + token
				}
				if protocol == "HTTP/1.1" || name != "Upgrade" {
					headers = append(headers, name, value)
				}
			}
			ask(t, w.client(t, protocol), "GET", path, headers...)
			for _, name := range append(foreign, "Authorization") {
				if seen[name] != nil {
					t.Errorf("%s %s: handlers see %s: %q", protocol, path, name, seen[name])
				}
			}
			if seen.Get("X-Request-Id") != "r-1" || seen.Get("Accept") != "text/plain" {
				t.Errorf("%s %s: handlers see %v", protocol, path, seen)
			}
		}
	}
}

// TestHandlersSeeNoTrailers shows that what comes after a request was judged is no part of
// it for the handler.
func TestHandlersSeeNoTrailers(t *testing.T) {
	var seen http.Header
	w := newWorld(t, setup{handle: func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		seen = r.Trailer
	}})
	for _, protocol := range protocols {
		r, err := http.NewRequestWithContext(t.Context(), "POST", "https://"+host+watching, io.MultiReader(strings.NewReader("x")))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+w.issuer.Mint(good(nil)))
		r.Trailer = http.Header{"X-User": {"admin"}}
		if got := do(t, w.client(t, protocol), r); got.status != 200 || len(seen) > 0 {
			t.Errorf("%s: %d, trailers %v", protocol, got.status, seen)
		}
	}
}

// TestHandlersAroundSeeTheRequestUnchanged shows that what runs around the guard keeps the
// request as it came, and learns the pattern.
func TestHandlersAroundSeeTheRequestUnchanged(t *testing.T) {
	var after *http.Request
	w := newWorld(t, setup{around: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			after = r
		})
	}})
	token := "Bearer " + w.issuer.Mint(good(nil))
	ask(t, w.client(t, "HTTP/2.0"), "GET", getting, "Authorization", token)
	if after.Header.Get("Authorization") != token || after.Pattern != "GET /v1/orders/{id}" {
		t.Errorf("authorization %q, pattern %q", after.Header.Get("Authorization"), after.Pattern)
	}
}

// TestRefusedRequestIsInLogAndMetrics shows that a decision is logged as on a gRPC server.
func TestRefusedRequestIsInLogAndMetrics(t *testing.T) {
	w := newWorld(t, setup{})
	got := ask(t, w.client(t, "HTTP/1.1"), "GET", getting, "Authorization", "Bearer "+w.issuer.Mint(good(testutil.Claims{"aud": "x"})), "X-Request-Id", "r-9", "User-Agent", "tester")
	lines := w.log.lines(t)
	line := lines[len(lines)-1]
	for key, want := range map[string]any{
		"msg": "call refused", "method": "order-status/GetOrderStatus", "client": "customer-portal", "user": "alice",
		"reason": "AUDIENCE_MISMATCH", "cause": "AUDIENCE_MISMATCH", "request_id": "r-9", "user_agent": "tester", "code": "Unauthenticated",
	} {
		if line[key] != want {
			t.Errorf("%s = %v, want %v", key, line[key], want)
		}
	}
	if strings.Contains(w.log.String(), "eyJ") || got.problem.RequestID != "r-9" {
		t.Errorf("log %s, problem %+v", w.log, got.problem)
	}
}
