package extauthz

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/overhttp"
)

// serviceExtension is the key of the context extension with the name of the service.
const serviceExtension = "service"

// request is a request that Envoy asks about. Any part of it may be missing.
type request struct {
	check   *authv3.AttributeContext
	http    *authv3.AttributeContext_HttpRequest
	headers headers
	mistake string // why it cannot be read; empty if it can
}

func newRequest(check *authv3.CheckRequest) *request {
	r := &request{check: check.GetAttributes()}
	r.http = r.check.GetRequest().GetHttp()
	if r.http == nil {
		r.mistake = "no HTTP request is in it"
		return r
	}
	r.headers, r.mistake = headersOf(r.http)
	for _, pseudo := range []struct{ name, value string }{
		{":path", r.http.GetPath()}, {":method", r.http.GetMethod()}, {":authority", r.http.GetHost()},
	} {
		if values := r.headers[pseudo.name]; len(values) > 1 || len(values) == 1 && values[0] != pseudo.value {
			r.mistake = "its headers have another " + pseudo.name + " than its attributes"
		}
	}
	if len(r.headers["content-type"]) > 1 {
		r.mistake = "it has several content-type headers"
	}
	return r
}

// isGRPC reports whether Envoy and the service take the request for a gRPC call.
func (r *request) isGRPC() bool {
	rest, ok := strings.CutPrefix(r.headers.only("content-type"), "application/grpc")
	return ok && r.http.GetMethod() == "POST" && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// metadata returns the headers as the metadata of a gRPC call.
func (r *request) metadata() metadata.MD { return metadata.MD(r.headers) }

// isHTTP reports whether the request is one over HTTP that is no gRPC call. A request
// that cannot be read is taken for one.
func (r *request) isHTTP() bool { return !r.isGRPC() }

// admissionRequest returns the request that package admission decides about.
func (s *Service) admissionRequest(r *request) *admission.Request {
	to := &admission.Request{
		Method: r.http.GetPath(), Credentials: r.headers.credentials(), Peer: s.peerOf(r), RequestID: r.headers.only("x-request-id"),
		Addressee: &admission.Addressee{Service: r.check.GetContextExtensions()[serviceExtension], Authority: r.http.GetHost()},
	}
	switch {
	case r.mistake != "":
		to.Unmatched = "a check of which " + r.mistake
	case r.isHTTP():
		to.Guard = s.guard.Admission.Guard()
		operation, err := r.operation(to.Guard)
		if err != nil {
			to.Unmatched = err.Error()
			break
		}
		to.Method = operation
	case !strings.HasPrefix(to.Method, "/"):
		to.Unmatched = "a gRPC call whose path does not begin with a slash"
	}
	return to
}

// operation returns the full name of the operation that an HTTP request calls.
func (r *request) operation(guard *access.Guard) (string, error) {
	target := r.http.GetPath()
	path, _, _ := strings.Cut(target, "?")
	parsed, err := url.ParseRequestURI(target)
	if err != nil {
		return "", fmt.Errorf("the target %.100q is no path", path)
	}
	as := &http.Request{Method: r.http.GetMethod(), URL: parsed, Host: r.http.GetHost(), RequestURI: target, Header: r.headers.http()}
	if err := overhttp.CheckTarget(as); err != nil {
		return "", err
	}
	if to := overhttp.UpgradeOf(as); to != "" {
		return "", fmt.Errorf("the request asks to change to the protocol %.32q", to)
	}
	return guard.Operation(r.http.GetMethod(), r.http.GetHost(), path)
}
