package signals

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/revocation"
)

const (
	maxBody       = 64 << 10         // bytes of a pushed event
	patience      = 10 * time.Second // for the keys of the issuer, and to store what follows from an event
	leastSecret   = 16               // bytes of an Authorization header
	secEventToken = "application/secevent+jwt"
)

// pushed is the handler of an address to which events are pushed.
type pushed struct {
	receiver *Receiver
	accepted [][sha256.Size]byte // digests of Authorization headers
}

// Push returns the handler of the address to which the issuer pushes events (RFC 8935). It
// answers 202 once what follows from an event is stored; 400 if the event was refused, and
// 503 if it may be sent again. authorization has the accepted values of the Authorization
// header, such as "Bearer " and a secret of 32 random characters: at least one, and two
// while the secret changes. A request without one of them is answered 401 and not read.
func (r *Receiver) Push(authorization ...string) (http.Handler, error) {
	if len(authorization) == 0 {
		return nil, errors.New("signals: no Authorization header for pushed events: anybody could send them")
	}
	p := &pushed{receiver: r}
	for _, value := range authorization {
		switch {
		case len(value) < leastSecret:
			return nil, fmt.Errorf("signals: an Authorization header of %d bytes for pushed events, want at least %d", len(value), leastSecret)
		case strings.TrimSpace(value) != value || strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c > '~' }):
			return nil, errors.New("signals: the Authorization header for pushed events begins or ends with a space, or has characters that no header has")
		}
		p.accepted = append(p.accepted, sha256.Sum256([]byte(value)))
	}
	return p, nil
}

// ServeHTTP implements [http.Handler].
func (p *pushed) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	raw, refused := p.read(w, q)
	if refused != nil {
		p.receiver.writeUnread(q.Context(), refused)
		refused.write(w)
		return
	}
	ctx, cancel := context.WithTimeout(q.Context(), patience)
	defer cancel()
	_, err := p.receiver.receive(ctx, raw, nil)
	if err == nil {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	if temporary(err) {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(retryAfter(err).Seconds()))))
	}
	refusalOf(err).write(w)
}

// authorized reports whether a request has one of the accepted headers.
func (p *pushed) authorized(q *http.Request) bool {
	got := q.Header["Authorization"]
	if len(got) != 1 {
		return false
	}
	digest, ok := sha256.Sum256([]byte(got[0])), 0
	for _, want := range p.accepted {
		ok |= subtle.ConstantTimeCompare(digest[:], want[:])
	}
	return ok == 1
}

// read returns the security event token of a request (RFC 8935, section 2.1).
func (p *pushed) read(w http.ResponseWriter, q *http.Request) (string, *refusal) {
	switch got, params, err := mime.ParseMediaType(q.Header.Get("Content-Type")); {
	case q.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		return "", &refusal{http.StatusMethodNotAllowed, "invalid_request", "want method POST"}
	case !p.authorized(q):
		w.Header().Set("WWW-Authenticate", "Bearer")
		return "", &refusal{http.StatusUnauthorized, "authentication_failed", "want the Authorization header that was agreed upon"}
	case err != nil, got != secEventToken, len(params) > 0, len(q.Header["Content-Type"]) > 1:
		return "", &refusal{http.StatusUnsupportedMediaType, "invalid_request", "want content type " + secEventToken}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return "", &refusal{http.StatusRequestEntityTooLarge, "invalid_request", "the security event token is too large"}
	}
	if err != nil {
		return "", &refusal{http.StatusBadRequest, "invalid_request", "the request is not complete"}
	}
	return string(body), nil
}

// retryAfter returns when an event may be sent again.
func retryAfter(err error) time.Duration {
	if errors.Is(err, revocation.ErrFull) {
		return time.Minute
	}
	if unknown, ok := errors.AsType[*audience.Refusal](err); ok && unknown.RetryAfter > 0 {
		return unknown.RetryAfter
	}
	return time.Second
}

// refusal is what an issuer is told if an event was not taken (RFC 8935, section 2.3; RFC
// 8936, section 2.6).
type refusal struct {
	status      int
	Code        string `json:"err"`
	Description string `json:"description"`
}

// refusalOf returns the answer to an event that was not taken. It does not repeat the event.
func refusalOf(err error) *refusal {
	if temporary(err) {
		return &refusal{http.StatusServiceUnavailable, "temporarily_unavailable", "the event cannot be taken now"}
	}
	code := "invalid_request"
	switch bad, _ := errors.AsType[*audience.Refusal](err); bad.Cause {
	case audience.CauseKeyUnknown, audience.CauseSignatureInvalid, audience.CauseAlgorithmNotAllowed:
		code = "invalid_key"
	case audience.CauseIssuerUnknown:
		code = "invalid_issuer"
	case audience.CauseAudienceMismatch:
		code = "invalid_audience"
	}
	return &refusal{http.StatusBadRequest, code, "the security event token was refused"}
}

func (r *refusal) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Language", "en")
	w.WriteHeader(r.status)
	json.NewEncoder(w).Encode(r) // it fails only if the issuer has gone
}
