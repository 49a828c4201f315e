package tokensource

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	redacted = "[redacted]"
	scheme   = "Bearer "
)

// Token is a bearer token (RFC 6750) that cannot be printed: fmt, slog and
// encoders such as JSON show "[redacted]". The zero value means no token. A Token
// never changes and is safe for concurrent use. Two tokens with the same text are
// not equal under ==.
type Token struct {
	// text is a pointer to a string so that fmt cannot see through a struct that
	// holds a Token in an unexported field, where it never calls our methods. It
	// would see through a pointer to a struct.
	text    *string  // with the scheme before it, as the header has it
	details *details // nil if text is nil
}

// details are the other properties of a token, behind a pointer so that a Token is
// cheap to copy.
type details struct {
	expiry time.Time
	once   sync.Once // guards digest
	digest [sha256.Size]byte
}

// NewToken returns a token with this text. A zero expiry means that the expiry is
// not known. An empty text makes a token that is never valid. It is not the zero
// Token, so a request to exchange it fails, and does not become a request for the
// client's own token.
func NewToken(text string, expiry time.Time) Token {
	// Without its monotonic part, the expiry is compared by wall time, which goes on
	// while the machine sleeps.
	text = scheme + text
	return Token{text: &text, details: &details{expiry: expiry.Round(0)}}
}

// Reveal returns the text of t. Call it only where the token is sent. For the zero
// Token the text is empty.
func (t Token) Reveal() string {
	if t.text == nil {
		return ""
	}
	return (*t.text)[len(scheme):]
}

// Bearer returns the value of an Authorization header that carries t (RFC 6750,
// section 2.1). It is as secret as the token. For the zero Token it is empty.
func (t Token) Bearer() string {
	if t.text == nil {
		return ""
	}
	return *t.text
}

// Expiry returns the time at which t expires, as the issuer says; the zero time if it
// is not known.
func (t Token) Expiry() time.Time {
	if t.details == nil {
		return time.Time{}
	}
	return t.details.expiry
}

// IsZero reports whether t is the zero Token.
func (t Token) IsZero() bool { return t.text == nil }

// Valid reports whether t has a text and is not known to have expired. It has no
// leeway.
func (t Token) Valid() bool {
	expiry := t.Expiry()
	return t.Reveal() != "" && (expiry.IsZero() || time.Now().Before(expiry))
}

// digest returns the SHA-256 digest of a token that is not zero.
func (t Token) digest() [sha256.Size]byte {
	t.details.once.Do(func() { t.details.digest = sha256.Sum256([]byte(t.Reveal())) })
	return t.details.digest
}

// Format implements [fmt.Formatter]; it covers every verb, %#v and %d included.
func (Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements [slog.LogValuer].
func (Token) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements [encoding.TextMarshaler], and with it JSON.
func (Token) MarshalText() ([]byte, error) { return []byte(redacted), nil }
