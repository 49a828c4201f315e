package extauthz

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/grpcaud/grpcaud/internal/admission"
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

// problem is the body of a refusal over HTTP (RFC 9457). The members type and title are
// left out: the type is about:blank then, and the status says it all.
type problem struct {
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Reason    string `json:"reason,omitempty"`
	RequestID string `json:"request_id,omitempty"`
}

// httpRefusal returns the headers and the body of a refusal over HTTP.
func httpRefusal(answer admission.Answer, requestID string) ([]*corev3.HeaderValueOption, string) {
	headers := []*corev3.HeaderValueOption{
		set("content-type", "application/problem+json"),
		set("cache-control", "no-store"),
		set("vary", "Authorization"),
	}
	if challenge, ok := answer.Challenge(); ok {
		headers = append(headers, set("www-authenticate", challenge.String()))
	}
	if answer.RetryAfter > 0 {
		headers = append(headers, set("retry-after", strconv.Itoa(int((answer.RetryAfter+time.Second-1)/time.Second))))
	}
	body, err := json.Marshal(problem{int(httpStatus(answer.Status)), answer.Phrase, string(answer.Reason), requestID})
	if err != nil {
		return headers, ""
	}
	return headers, string(body)
}
