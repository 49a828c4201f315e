package logout

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/revocation"
)

const (
	maxBody  = 64 << 10         // bytes of a request
	patience = 10 * time.Second // for the keys of the issuer, and for what follows from a logout
)

// refusal is what the issuer is told if a logout token was not taken (OpenID Connect
// Back-Channel Logout 1.0, section 2.8). It says nothing about the token.
type refusal struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// ServeHTTP takes a logout token: 200 once the login has ended here. 400 says that the
// request or its logout token was refused, 503 that it may be sent again.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	raw, refused := readRequest(w, q)
	if refused != nil {
		refused.write(w)
		return
	}
	ctx, cancel := context.WithTimeout(q.Context(), patience)
	defer cancel()
	err := r.receive(ctx, raw)
	r.lines.write(ctx, r.options.log, r.issuer.URL, err)
	if err == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	refused = refusalOf(err)
	if wait := retryAfter(err); refused.status == http.StatusServiceUnavailable && wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	refused.write(w)
}

// readRequest returns the logout token of a request. Other parameters are ignored.
func readRequest(w http.ResponseWriter, q *http.Request) (string, *refusal) {
	if q.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return "", &refusal{http.StatusMethodNotAllowed, "invalid_request", "want method POST"}
	}
	const encoded = "application/x-www-form-urlencoded"
	if got, _, err := mime.ParseMediaType(q.Header.Get("Content-Type")); err != nil || got != encoded || len(q.Header["Content-Type"]) > 1 {
		return "", &refusal{http.StatusUnsupportedMediaType, "invalid_request", "want content type " + encoded}
	}
	q.Body = http.MaxBytesReader(w, q.Body, maxBody)
	if err := q.ParseForm(); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return "", &refusal{http.StatusRequestEntityTooLarge, "invalid_request", "the form is too large"}
		}
		return "", &refusal{http.StatusBadRequest, "invalid_request", "the form is malformed"}
	}
	if tokens := q.PostForm["logout_token"]; len(tokens) == 1 && tokens[0] != "" {
		return tokens[0], nil
	}
	return "", &refusal{http.StatusBadRequest, "invalid_request", "want one logout_token in the form"}
}

// refusalOf returns the answer to a logout token that was not taken. What is unknown does
// not make it bad.
func refusalOf(err error) *refusal {
	if bad, ok := errors.AsType[*audience.Refusal](err); ok && bad.Cause != audience.CauseKeysUnavailable || errors.Is(err, ErrReplayed) {
		return &refusal{http.StatusBadRequest, "invalid_request", "the logout token was refused"}
	}
	return &refusal{http.StatusServiceUnavailable, "temporarily_unavailable", "the logout token cannot be taken now"}
}

// retryAfter returns when a logout token may be taken; zero if that is not known.
func retryAfter(err error) time.Duration {
	if errors.Is(err, revocation.ErrFull) {
		return time.Minute
	}
	if unknown, ok := errors.AsType[*audience.Refusal](err); ok {
		return unknown.RetryAfter
	}
	return 0
}

func (r *refusal) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.status)
	json.NewEncoder(w).Encode(r) // it fails only if the issuer has gone
}
