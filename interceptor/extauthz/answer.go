package extauthz

import (
	"context"
	"maps"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/overhttp"
)

// wouldRefuseHeader tells a client that its request would be refused if the rule were
// enforced; see [access.Warn].
const wouldRefuseHeader = "grpcaud-would-refuse"

// answer is the answer to Envoy about one request.
type answer struct {
	service  *Service
	ctx      context.Context
	request  *request
	decision admission.Decision
}

// admitted lets the request go on. The service behind Envoy gets the caller in headers,
// and none of the headers that it must not see.
func (a answer) admitted() *authv3.CheckResponse {
	ok := &authv3.OkHttpResponse{}
	evidence := a.decision.Evidence
	remove := a.hidden(evidence)
	for _, h := range callerHeaders(evidence.Caller()) {
		if h.value == "" {
			remove[h.name] = true
			continue
		}
		delete(remove, h.name)
		ok.Headers = append(ok.Headers, set(h.name, h.value))
	}
	ok.HeadersToRemove = slices.Sorted(maps.Keys(remove))
	if a.decision.Outcome == admission.WouldRefuse && a.decision.Mode == access.Warn {
		ok.ResponseHeadersToAdd = append(ok.ResponseHeadersToAdd, set(wouldRefuseHeader, a.decision.Answer().Word()))
	}
	if a.request.isHTTP() {
		vary := set("vary", "Authorization") // beside what the service says
		vary.AppendAction = corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD
		ok.ResponseHeadersToAdd = append(ok.ResponseHeadersToAdd, vary)
	}
	return &authv3.CheckResponse{
		Status:          &rpcstatus.Status{Code: int32(codes.OK)},
		HttpResponse:    &authv3.CheckResponse_OkResponse{OkResponse: ok},
		DynamicMetadata: a.dynamicMetadata(),
	}
}

// hidden returns the names of the headers that the service must not see.
func (a answer) hidden(e *admission.Evidence) map[string]bool {
	visible := maps.Clone(a.request.headers)
	a.service.guard.Headers.Apply(visible, e.Reveal(), a.request.headers.credentials())
	hidden := map[string]bool{"authorization": true}
	for name := range a.request.headers {
		if _, ok := visible[name]; !ok && !strings.HasPrefix(name, ":") {
			hidden[name] = true
		}
	}
	if a.request.isHTTP() {
		for _, name := range overhttp.OtherTargets {
			hidden[strings.ToLower(name)] = true
		}
	}
	if a.service.keepToken && e.Caller() != nil {
		delete(hidden, "authorization")
	}
	return hidden
}

// refused refuses the request, in the form of the caller's protocol. Envoy answers 200 to a
// gRPC call whatever the status of HTTP is here.
func (a answer) refused() *authv3.CheckResponse {
	answer := a.decision.Answer()
	st := status.Convert(a.service.guard.RefusalError(a.ctx, a.request.http.GetPath(), a.decision))
	denied := &authv3.DeniedHttpResponse{Status: &typev3.HttpStatus{Code: httpStatus(answer)}}
	if a.request.isHTTP() {
		denied.Headers, denied.Body = httpRefusal(a.decision)
	} else {
		denied.Headers = grpcRefusal(st, answer)
	}
	return &authv3.CheckResponse{
		Status:          &rpcstatus.Status{Code: int32(st.Code()), Message: st.Message()},
		HttpResponse:    &authv3.CheckResponse_DeniedResponse{DeniedResponse: denied},
		DynamicMetadata: a.dynamicMetadata(),
	}
}

// httpStatus returns the status of HTTP for a refusal. Envoy knows no number for a request
// that its client has left.
func httpStatus(a admission.Answer) typev3.StatusCode {
	status := typev3.StatusCode(overhttp.StatusOf(a.Status))
	if typev3.StatusCode_name[int32(status)] == "" {
		return typev3.StatusCode_ServiceUnavailable
	}
	return status
}

// set returns a header that replaces all others of its name.
func set(name, value string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: value},
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}
