package tokensource

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrUnavailable means that there is no token now, and that another attempt
	// may help: the issuer cannot be reached, is too slow or too busy (429, 5xx), or
	// gives an invalid answer.
	ErrUnavailable = errors.New("tokensource: token unavailable")
	// ErrRefused means that another attempt does not help. The request, the client's
	// secret, or the rights of the client at the issuer must be changed first.
	// A refusal by the issuer is a [*TokenError].
	ErrRefused = errors.New("tokensource: refused")
	// ErrMismatch means that the issuer gave a token that is not addressed to the
	// requested audience. It is a [*MismatchError].
	ErrMismatch = errors.New("tokensource: token for another audience")
	// ErrClosed means that the cache is closed.
	ErrClosed = errors.New("tokensource: closed")
)

// TokenError is the refusal of a token request by an issuer (RFC 6749, section 5.2).
// It matches [ErrRefused].
type TokenError struct {
	Code        string // such as "invalid_client"; empty if the issuer gave none
	Description string // one line of at most 1 KiB, without the client's secret and without tokens
	Status      int    // the HTTP status
	Hint        string // what to change, if that is known; else empty

	// SubjectEnded says that the token which was to be exchanged has ended, was revoked, or
	// no longer suffices: its user must log in again, and nothing else helps.
	SubjectEnded bool
}

// Error returns the status, the issuer's code and description, and the hint.
func (e *TokenError) Error() string {
	text := fmt.Sprintf("%v: status %d", ErrRefused, e.Status)
	if e.Code != "" {
		text += ": " + e.Code
	}
	if e.Description != "" {
		text += ": " + e.Description
	}
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Unwrap returns [ErrRefused].
func (e *TokenError) Unwrap() error { return ErrRefused }

// MismatchError says which audience was requested, which ones the token has, and the
// likely cause. It matches [ErrMismatch].
type MismatchError struct {
	Want string   // the requested audience
	Got  []string // the token's aud; empty if it has none
	Hint string   // the likely cause, for the operator
}

// Error returns all three.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("%v: got aud %q, want %q: %s", ErrMismatch, e.Got, e.Want, e.Hint)
}

// Unwrap returns [ErrMismatch].
func (e *MismatchError) Unwrap() error { return ErrMismatch }

// unavailableError is an [ErrUnavailable] with the time at which it ends, if the issuer
// has named one.
type unavailableError struct {
	cause string
	until time.Time // from Retry-After; zero if there is none
}

func (e *unavailableError) Error() string { return ErrUnavailable.Error() + ": " + e.cause }
func (e *unavailableError) Unwrap() error { return ErrUnavailable }

// retryAtError is a failure of something that a fetch needs first and that has a
// back-off of its own. The fetch has none on top: the two would double the duration
// of one outage.
type retryAtError struct {
	error
	at time.Time
}

func (e *retryAtError) Unwrap() error { return e.error }
