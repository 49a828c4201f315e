package admission

import (
	"strconv"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// Realm is the realm in the challenges of a [Controller].
const Realm = "grpcaud"

// Challenge tells the peer of a refused request which credentials to bring: the
// Bearer challenge of RFC 6750, section 3, with the parameters of RFC 9470,
// section 3.
type Challenge struct {
	// Realm names the protected area.
	Realm string

	// Error is the error code, such as "invalid_token". It is empty if the request
	// had no token, or if another token would not help.
	Error string

	// Description is a sentence for the developer of the client; may be empty.
	Description string

	// Wanted is what a token must have to be admitted.
	Wanted audience.Challenge
}

// String returns c as the value of a header. Characters that a header cannot hold
// are written as question marks. MaxAge is rounded down to whole seconds, to at
// least one.
func (c Challenge) String() string {
	b := strings.Builder{}
	b.WriteString("Bearer realm=" + quotedString(c.Realm))
	param := func(name, value string) {
		if value != "" {
			b.WriteString(", " + name + "=" + quotedString(value))
		}
	}
	param("error", c.Error)
	param("error_description", c.Description)
	param("scope", strings.Join(c.Wanted.Scopes, " "))
	param("acr_values", strings.Join(c.Wanted.ACR, " "))
	if c.Wanted.MaxAge > 0 {
		param("max_age", strconv.Itoa(max(1, int(c.Wanted.MaxAge/time.Second))))
	}
	return b.String()
}

// quotedString writes a value as a quoted string (RFC 9110, section 5.6.4) in
// printable ASCII, which every transport can carry.
func quotedString(value string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range value {
		switch {
		case c < ' ' || c > '~':
			b.WriteByte('?')
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			fallthrough
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
