package tokensource

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

var (
	// ErrUnavailable means that the source could not find out: the issuer is not
	// reached, is too slow or busy (429, 5xx), or its answer makes no sense. To
	// ask again later may help.
	ErrUnavailable = errors.New("tokensource: no token now")
	// ErrRefused means that there will be no such token until somebody changes
	// something: the request, the client's secret, or its rights at the issuer.
	// What an issuer refuses is a [*RefusedError].
	ErrRefused = errors.New("tokensource: refused")
	// ErrMismatch means that the issuer gave a token that is not addressed to the
	// audience asked for. It is a [*MismatchError].
	ErrMismatch = errors.New("tokensource: token for another audience")
	// ErrClosed means that the source is closed.
	ErrClosed = errors.New("tokensource: closed")
)

// RefusedError is an issuer's refusal (RFC 6749, section 5.2). It matches
// [ErrRefused].
type TokenError struct {
	Code        string // such as "invalid_client"; empty if the issuer gave none
	Description string // one line of at most 200 bytes, without the client's secret and without tokens
	Status      int    // the HTTP status
	Hint        string // what to change at the issuer, if the [Preset] knows; else empty
}

// Error says what the issuer said.
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

// MismatchError says whom a token was wanted for, whom it is for, and the likely
// cause. It matches [ErrMismatch].
type MismatchError struct {
	Want string   // the audience asked for
	Got  []string // the token's aud; empty if it has none
	Hint string   // the likely cause, for the operator
}

// Error says all three.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("%v: got aud %q, want %q: %s", ErrMismatch, e.Got, e.Want, e.Hint)
}

// Unwrap returns [ErrMismatch].
func (e *MismatchError) Unwrap() error { return ErrMismatch }

// outage is an [ErrUnavailable] of a known end: the issuer said Retry-After.
type outage struct {
	cause string
	until time.Time
}

func (o *outage) Error() string { return ErrUnavailable.Error() + ": " + o.cause }
func (o *outage) Unwrap() error { return ErrUnavailable }

// held is the failure of what a fetch needs first, which has a backoff of its
// own: two on top of each other would make one outage last twice as long.
type held struct {
	error
	until time.Time
}

func (h *held) Unwrap() error { return h.error }

// redirected explains a status in the 300s; empty for others.
func redirected(status int) string {
	if status/100 != 3 {
		return ""
	}
	return ", and redirects are not followed"
}

var jwtLike = regexp.MustCompile(`eyJ[\w.~+/=-]*`)

// shortest is the length of the shortest secret that is taken out of a text: what
// is shorter stands in many words, and is soon guessed in any case.
const shortest = 4

// sanitize makes one short line of a text that the issuer wrote, without the
// secrets that an issuer may repeat in it.
func sanitize(text string, secrets ...string) string {
	for _, secret := range secrets {
		if len(secret) >= shortest {
			text = strings.ReplaceAll(text, secret, redacted)
		}
	}
	text = jwtLike.ReplaceAllString(text, redacted)
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	for end := min(len(text), 200); ; end-- {
		if end == len(text) || utf8.RuneStart(text[end]) {
			return text[:end]
		}
	}
}

// quote shows a name that the issuer wrote.
func quote(name string, secrets ...string) string {
	return fmt.Sprintf("%q", sanitize(name, secrets...))
}
