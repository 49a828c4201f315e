package extauthz_test

import (
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
)

// TestMalformedCheckIsRefused shows that a check which cannot be read is refused, also
// for a public method.
func TestMalformedCheckIsRefused(t *testing.T) {
	w := serve(t, company(), nil)
	changed := func(change func(*authv3.AttributeContext)) *authv3.CheckRequest {
		return call{path: holidays, service: "human-resource", change: change}.request()
	}
	if got := reason(t, w.check(t, changed(nil))); got != "OK" {
		t.Fatalf("got %s, want OK before any change", got)
	}
	header := func(key, value string) *corev3.HeaderValue {
		return &corev3.HeaderValue{Key: key, RawValue: []byte(value)}
	}
	for name, request := range map[string]*authv3.CheckRequest{
		"empty":         {},
		"no attributes": {Attributes: &authv3.AttributeContext{}},
		"no request":    changed(func(a *authv3.AttributeContext) { a.Request = nil }),
		"no HTTP":       changed(func(a *authv3.AttributeContext) { a.Request.Http = nil }),
		"no headers":    changed(func(a *authv3.AttributeContext) { a.Request.Http.HeaderMap = nil }),
		"empty headers": changed(func(a *authv3.AttributeContext) { a.Request.Http.HeaderMap = &corev3.HeaderMap{} }),
		"GET": changed(func(a *authv3.AttributeContext) {
			a.Request.Http.Method = "GET"
			a.Request.Http.HeaderMap.Headers = a.Request.Http.HeaderMap.Headers[3:]
		}),
		"both kinds of headers": changed(func(a *authv3.AttributeContext) {
			a.Request.Http.Headers = map[string]string{"x-other": "a"}
		}),
		"another path":      changed(func(a *authv3.AttributeContext) { a.Request.Http.HeaderMap.Headers[0] = header(":path", getOrder) }),
		"another host":      changed(func(a *authv3.AttributeContext) { a.Request.Http.HeaderMap.Headers[1] = header(":authority", "x") }),
		"another method":    changed(func(a *authv3.AttributeContext) { a.Request.Http.HeaderMap.Headers[2] = header(":method", "GET") }),
		"two paths":         changed(func(a *authv3.AttributeContext) { add(a, header(":path", holidays)) }),
		"two content types": changed(func(a *authv3.AttributeContext) { add(a, header("Content-Type", "application/json")) }),
		"JSON": changed(func(a *authv3.AttributeContext) {
			a.Request.Http.HeaderMap.Headers[3] = header("content-type", "application/json")
		}),
		"gRPC-Web": changed(func(a *authv3.AttributeContext) {
			a.Request.Http.HeaderMap.Headers[3] = header("content-type", "application/grpc-web")
		}),
	} {
		answer := w.check(t, request)
		if answer.GetDeniedResponse() == nil || answer.GetStatus().GetCode() == 0 {
			t.Errorf("%s: got %v, want a refusal", name, answer)
		}
	}
}

func add(a *authv3.AttributeContext, h *corev3.HeaderValue) {
	a.Request.Http.HeaderMap.Headers = append(a.Request.Http.HeaderMap.Headers, h)
}

// TestJoinedHeaders shows that two tokens are refused where Envoy has joined them with a
// comma, which it does without raw headers, and with them for authorization alone.
func TestJoinedHeaders(t *testing.T) {
	w := serve(t, company(), nil)
	for name, row := range map[string]struct{ authorization, want string }{
		"one token":                  {w.portal(nil), "OK"},
		"two tokens":                 {w.portal(nil) + "," + w.portal(nil), "CREDENTIALS_MALFORMED"},
		"a token and nothing":        {w.portal(nil) + ",", "CREDENTIALS_MALFORMED"},
		"nothing and a token":        {"," + w.portal(nil), "CREDENTIALS_MISSING"},
		"a password and a token":     {"Basic YTpi," + w.portal(nil), "CREDENTIALS_MISSING"},
		"a token with a second part": {w.portal(nil) + ", realm=x", "CREDENTIALS_MALFORMED"},
		"none":                       {"", "CREDENTIALS_MISSING"},
	} {
		raw := orders(row.authorization)
		if row.authorization == "" {
			raw = orders()
		}
		if got := reason(t, w.check(t, raw.request())); got != row.want {
			t.Errorf("%s, raw: got %s, want %s", name, got, row.want)
		}
		for _, key := range []string{"authorization", "Authorization"} {
			c := orders()
			c.change = func(a *authv3.AttributeContext) {
				a.Request.Http.HeaderMap = nil
				a.Request.Http.Headers = map[string]string{key: row.authorization, ":path": getOrder, "content-type": "application/grpc+proto"}
				if row.authorization == "" {
					delete(a.Request.Http.Headers, key)
				}
			}
			if got := reason(t, w.check(t, c.request())); got != row.want {
				t.Errorf("%s in %s: got %s, want %s", name, key, got, row.want)
			}
		}
	}
}

// TestJoinedTokensAreTwo shows that the log tells the operator of two values.
func TestJoinedTokensAreTwo(t *testing.T) {
	w := serve(t, company(), nil)
	w.check(t, orders(w.portal(nil)+","+w.portal(nil)).request())
	if !strings.Contains(w.log.String(), "cause=CREDENTIALS_REPEATED") {
		t.Errorf("the log does not say that there were two:\n%s", w.log)
	}
}
