package extauthz

import (
	"fmt"
	"strings"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/admission"
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

// admissionRequest returns the request that package admission decides about.
func (s *Service) admissionRequest(r *request) admission.Request {
	to := admission.Request{
		Method: r.http.GetPath(), Credentials: r.headers.credentials(), Peer: s.peerOf(r), RequestID: r.headers.only("x-request-id"),
		Addressee: &admission.Addressee{Service: r.check.GetContextExtensions()[serviceExtension], Authority: r.http.GetHost()},
	}
	switch {
	case r.mistake != "":
		to.Malformed = unreadable("a check of which " + r.mistake)
	case !r.isGRPC():
		to.Malformed = unreadable(fmt.Sprintf("an HTTP request (%.32q)", r.http.GetMethod()))
	}
	return to
}

func unreadable(got string) *audience.Refusal {
	return &audience.Refusal{Cause: audience.CauseNoRule, Got: got, Want: "a gRPC call: POST, content-type application/grpc, and the method as its path"}
}
