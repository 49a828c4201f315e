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

// attacked returns a service whose issuer gives no token to the fuzzer.
func attacked(f *testing.F) *extauthz.Service {
	f.Helper()
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
	return service
}

// checkAnswer asks about a request without a genuine token. The answer must be whole; only
// public methods go on, and without a caller.
func checkAnswer(t *testing.T, service *extauthz.Service, request *authv3.CheckRequest) {
	t.Helper()
	answer, err := service.Check(context.Background(), request)
	if err != nil {
		t.Fatalf("got the error %v, want an answer", err)
	}
	if _, err := proto.Marshal(answer); err != nil {
		t.Fatalf("the answer cannot be sent: %v", err)
	}
	ok := answer.GetOkResponse() != nil
	if ok != (answer.GetStatus().GetCode() == 0) || ok == (answer.GetDeniedResponse() != nil) {
		t.Errorf("the parts of the answer contradict each other: %v", request)
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
}

// FuzzCheck sends checks of any form.
func FuzzCheck(f *testing.F) {
	service := attacked(f)
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
		if proto.Unmarshal(data, &request) == nil { // gRPC refuses others
			checkAnswer(t, service, &request)
		}
	})
}

// FuzzRequest sends requests with any path, host and headers, each header in a line.
func FuzzRequest(f *testing.F) {
	service := attacked(f)
	certificate := fromEnvoy(testutil.NewCA().Certificate("gateway.example.com"))
	f.Add("POST", getOrder, "orders.example.com", "order-status", "content-type:application/grpc\nauthorization:Bearer a.b.c", "", false)
	f.Add("POST", holidays, "", "human-resource", "content-type:application/grpc+proto\nx-grpcaud-user:root\nX_Grpcaud_User:root", "", true)
	f.Add("GET", "/v1/ping?a=b", "orders.example.com:443", "", "upgrade:h2c\ncookie:a", "", false)
	f.Add("GET", "/v1/orders/%2e%2e/ping", "api.example.com", "order-status", "x-http-method-override:GET", "", true)
	f.Add("POST", "order-status/Ping", "", "order-status", "content-type:application/grpc", "", false)
	f.Add("POST", getOrder, "", "order-status", "content-type:application/grpc\nauthorization:Bearer a,Bearer b\nx-forwarded-client-cert:Hash=1;Cert=\"x\\\"\";By=", certificate, false)
	f.Fuzz(func(t *testing.T, method, path, host, to, lines, certificate string, joined bool) {
		http := &authv3.AttributeContext_HttpRequest{Method: method, Path: path, Host: host, HeaderMap: &corev3.HeaderMap{}, Headers: map[string]string{}}
		for line := range strings.SplitSeq(lines, "\n") {
			name, value, _ := strings.Cut(line, ":")
			if joined {
				http.Headers[name] = value
				continue
			}
			http.HeaderMap.Headers = append(http.HeaderMap.Headers, &corev3.HeaderValue{Key: name, RawValue: []byte(value)})
		}
		request := &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
			Source:            &authv3.AttributeContext_Peer{Certificate: certificate},
			Destination:       &authv3.AttributeContext_Peer{Principal: "envoy.example.com"},
			Request:           &authv3.AttributeContext_Request{Http: http},
			ContextExtensions: map[string]string{"service": to},
		}}
		if _, err := proto.Marshal(request); err == nil { // others cannot be sent
			checkAnswer(t, service, request)
		}
	})
}
