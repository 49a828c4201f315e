package extauthz_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/proto"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/extauthz"
	"github.com/grpcaud/grpcaud/testutil"
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

// FuzzCheck shows that no check makes the service panic, that each gets a whole answer,
// and that a request without a token reaches no method but a public one.
func FuzzCheck(f *testing.F) {
	issuer := testutil.NewIssuer(corp)
	policy, err := access.New(company())
	if err != nil {
		f.Fatal(err)
	}
	guard, err := interceptor.NewServer(policy, interceptor.Services("order-status", "human-resource"), interceptor.Transport(issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { guard.Close() })
	service, err := extauthz.New(guard, extauthz.ForwardedClientCert("gateway.example.com"))
	if err != nil {
		f.Fatal(err)
	}
	certificate := fromEnvoy(testutil.NewCA().Certificate("gateway.example.com"))
	for _, c := range []call{
		orders("Bearer a.b.c"), orders(),
		{path: holidays, service: "human-resource"},
		{path: "/", host: "orders.example.com"},
		get("/v1/ping?a=b"), get("/v1/orders/7%2f..", "Bearer a.b.c"),
		orders("Bearer a").with("x-forwarded-client-cert", `Cert="`+certificate+`";By=`, "x-grpcaud-user", "root"),
		{path: getOrder, change: func(a *authv3.AttributeContext) { a.Source.Certificate = certificate }},
		{path: getOrder, change: func(a *authv3.AttributeContext) {
			a.Request.Http.Headers, a.Request.Http.HeaderMap = map[string]string{"a": "b"}, nil
		}},
	} {
		seed, err := proto.Marshal(c.request())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var request authv3.CheckRequest
		if proto.Unmarshal(data, &request) != nil {
			return // gRPC refuses it
		}
		answer, err := service.Check(context.Background(), &request)
		if err != nil {
			t.Fatalf("got the error %v, want an answer", err)
		}
		if _, err := proto.Marshal(answer); err != nil {
			t.Fatalf("the answer cannot be sent: %v", err)
		}
		ok := answer.GetOkResponse() != nil
		if ok != (answer.GetStatus().GetCode() == 0) || ok == (answer.GetDeniedResponse() != nil) {
			t.Errorf("the parts of the answer contradict each other: %v", &request)
		}
		path, _, _ := strings.Cut(request.GetAttributes().GetRequest().GetHttp().GetPath(), "?")
		if ok && !strings.HasPrefix(path, "/acme.hr.v1.Holidays/") && path != "/v1/ping" {
			t.Errorf("%q goes on without a genuine token", path)
		}
		for _, name := range identity {
			if ok && !slices.Contains(answer.GetOkResponse().GetHeadersToRemove(), name) {
				t.Errorf("%s is not removed, and there is no caller", name)
			}
		}
	})
}
