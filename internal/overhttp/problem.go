package overhttp

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/admission"
)

// WouldRefuseHeader has the reason for which a request will be refused when its rule is
// enforced.
const WouldRefuseHeader = "Grpcaud-Would-Refuse"

// statusClientClosedRequest is the status of a request whose peer left before it was
// judged. The number is nginx's; nobody reads it.
const statusClientClosedRequest = 499

// StatusOf maps the statuses of a decision to HTTP's.
func StatusOf(s audience.Status) int {
	switch s {
	case audience.StatusPermissionDenied:
		return http.StatusForbidden
	case audience.StatusUnavailable:
		return http.StatusServiceUnavailable
	case admission.StatusDeadlineExceeded:
		return http.StatusGatewayTimeout
	case admission.StatusCancelled:
		return statusClientClosedRequest
	default:
		return http.StatusUnauthorized
	}
}

// problem is the body of a refusal (RFC 9457). Its type is about:blank, so that its title
// is the phrase of the status.
type problem struct {
	Title     string          `json:"title"`
	Status    int             `json:"status"`
	Detail    string          `json:"detail"`
	Reason    audience.Reason `json:"reason,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
}

// Refuse tells the peer of a request that it is refused. metadata is the address of the
// protected resource's metadata (RFC 9728, section 5.1); empty for none.
func Refuse(w http.ResponseWriter, r *http.Request, d admission.Decision, metadata string) {
	SetRefusalHeader(w.Header(), d, metadata)
	status, body := Problem(d)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	LeaveBody(w, r)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // fails only if the peer has left
	}
}

// Problem returns the status of a refusal, and its body in JSON.
func Problem(d admission.Decision) (status int, body []byte) {
	a := d.Answer()
	status = StatusOf(a.Status)
	body, err := json.Marshal(problem{http.StatusText(status), status, a.Phrase, a.Reason, d.RequestID})
	if err != nil {
		panic("overhttp: " + err.Error()) // texts and a number can be written
	}
	return status, body
}

// SetRefusalHeader sets what each protocol's refusal has in its header.
func SetRefusalHeader(h http.Header, d admission.Decision, metadata string) {
	a := d.Answer()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	addVary(h, authorization)
	if d.RequestID != "" {
		h.Set(requestID, d.RequestID)
	}
	if a.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((a.RetryAfter+time.Second-1)/time.Second)))
	}
	if c, ok := a.Challenge(); ok {
		value := c.String()
		if metadata != "" {
			value += `, resource_metadata="` + metadata + `"`
		}
		h.Set("WWW-Authenticate", value)
	}
}

// LeaveBody lets the answer to a request over HTTP/1 go out before its body has come. The
// connection ends with the answer: net/http would otherwise wait for up to 256 KiB of the
// body first.
func LeaveBody(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 && r.ContentLength != 0 {
		w.Header().Set("Connection", "close")
	}
}
