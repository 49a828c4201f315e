package extauthz

import (
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/overhttp"
)

// grpcRefusal returns the headers of a gRPC answer without messages. The phrase has
// only characters that need no encoding in grpc-message.
func grpcRefusal(st *status.Status, answer admission.Answer) []*corev3.HeaderValueOption {
	headers := []*corev3.HeaderValueOption{
		set("grpc-status", strconv.Itoa(int(st.Code()))),
		set("grpc-message", st.Message()),
	}
	if details, err := proto.Marshal(st.Proto()); err == nil && len(st.Proto().GetDetails()) > 0 {
		headers = append(headers, set("grpc-status-details-bin", base64.RawStdEncoding.EncodeToString(details)))
	}
	if challenge, ok := answer.Challenge(); ok {
		headers = append(headers, set("www-authenticate", challenge.String()), set("grpcaud-challenge", challenge.String()))
	}
	return headers
}

// httpRefusal returns the headers and the body of a refusal over HTTP.
func httpRefusal(d admission.Decision) ([]*corev3.HeaderValueOption, string) {
	h := http.Header{}
	overhttp.SetRefusalHeader(h, d, "")
	headers := []*corev3.HeaderValueOption{set("content-type", "application/problem+json")}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		headers = append(headers, set(strings.ToLower(name), h.Get(name)))
	}
	_, body := overhttp.Problem(d)
	return headers, string(body)
}
