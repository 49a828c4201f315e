package interceptor

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/admission"
)

// The trailers that a [BearerChallenge] travels in. The first is HTTP's, which many
// clients know. HTTP forbids it in trailers (RFC 9110, section 6.5.1), so that some
// transports do not let it pass; the second is our own and passes everywhere.
const (
	challengeKey    = "www-authenticate"
	ownChallengeKey = "grpcaud-challenge"
)

// BearerChallenge tells the peer of a refused call which credentials to bring:
// the Bearer challenge of RFC 6750, section 3, with the parameters of RFC 9470,
// section 3. It comes from an unverified server: never request a token from an
// address in it.
type BearerChallenge struct {
	// Realm names the protected area; it is [Domain] in the challenges of a [Server].
	Realm string

	// Error is the error code, such as "invalid_token". It is empty if the call had
	// no token, or if another token would not help.
	Error string

	// Description is a sentence for the developer of the client; may be empty.
	Description string

	// Wanted is what a token must have to be admitted.
	Wanted audience.Challenge
}

// String returns c as the value of a header. Characters that a header cannot hold
// are written as question marks. MaxAge is rounded down to whole seconds, to at
// least one.
func (c BearerChallenge) String() string { return admission.Challenge(c).String() }

// challengeIn returns the first challenge that can be read among trailers.
func challengeIn(trailer metadata.MD) (c BearerChallenge, ok bool) {
	for _, key := range []string{ownChallengeKey, challengeKey} {
		for _, value := range trailer.Get(key) {
			if c, err := ParseChallenge(value); err == nil {
				return c, true
			}
		}
	}
	return BearerChallenge{}, false
}

// ParseChallenge reads one Bearer challenge. A server sends it in the trailers
// grpcaud-challenge and www-authenticate; behind [grpc.Server.ServeHTTP], a call that
// was refused before anything was sent has it in the header www-authenticate. The
// grammar is strictly that of RFC 9110, section 11.3, in the characters that gRPC's
// metadata may hold. Parameters that [BearerChallenge] does not have are ignored. A
// parameter that occurs twice is an error, and so is every other scheme. A max_age of
// zero means that there is none.
func ParseChallenge(value string) (BearerChallenge, error) {
	const longest = 8 << 10
	scheme, rest, _ := strings.Cut(value, " ")
	switch {
	case len(value) > longest:
		return BearerChallenge{}, fmt.Errorf("interceptor: challenge of %d bytes, want at most %d", len(value), longest)
	case strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c > '~' }):
		return BearerChallenge{}, errors.New("interceptor: challenge with characters other than printable ASCII")
	case !strings.EqualFold(scheme, "bearer"):
		return BearerChallenge{}, fmt.Errorf("interceptor: challenge of scheme %q, want Bearer", scheme)
	}
	params, err := parseParams(rest)
	if err != nil {
		return BearerChallenge{}, fmt.Errorf("interceptor: challenge: %w", err)
	}
	c := BearerChallenge{
		Realm: params["realm"], Error: params["error"], Description: params["error_description"],
		Wanted: audience.Challenge{Scopes: spaceSeparated(params["scope"]), ACR: spaceSeparated(params["acr_values"])},
	}
	if age, ok := params["max_age"]; ok {
		seconds, err := strconv.ParseUint(age, 10, 31)
		if err != nil {
			return BearerChallenge{}, fmt.Errorf("interceptor: challenge: max_age %q, want seconds", age)
		}
		c.Wanted.MaxAge = time.Duration(seconds) * time.Second
	}
	return c, nil
}

// spaceSeparated reads a list of words; nil if it is empty.
func spaceSeparated(list string) []string {
	if words := strings.Fields(list); len(words) > 0 {
		return words
	}
	return nil
}

// parseParams reads auth-params that commas divide, by their lower-case names
// (RFC 9110, section 11.2).
func parseParams(s string) (map[string]string, error) {
	params := map[string]string{}
	for s = strings.TrimLeft(s, " ,"); s != ""; s = strings.TrimLeft(s, " ,") {
		name, rest := cutToken(s)
		rest, ok := strings.CutPrefix(strings.TrimLeft(rest, " "), "=")
		value, rest, valued := cutValue(strings.TrimLeft(rest, " "))
		name = strings.ToLower(name)
		_, twice := params[name]
		rest = strings.TrimLeft(rest, " ")
		switch {
		case name == "" || !ok || !valued || rest != "" && rest[0] != ',':
			return nil, fmt.Errorf("%.64q, want name=value, or name=\"value\"", s)
		case twice:
			return nil, fmt.Errorf("%q stands twice", name)
		}
		params[name], s = value, rest
	}
	return params, nil
}

// cutToken cuts a token off s (RFC 9110, section 5.6.2); empty if none stands
// there.
func cutToken(s string) (token, rest string) {
	end := strings.IndexFunc(s, func(c rune) bool {
		return c <= ' ' || c > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
	})
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

// cutValue cuts a token or a quoted string off s.
func cutValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		value, rest = cutToken(s)
		return value, rest, value != ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}
