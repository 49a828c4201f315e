package tokensource

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// claims is what the source looks at in a JWT that it has asked for. It is not
// verified: the issuer sent it over TLS, and the server that it is for verifies it.
type claims struct {
	audience []string
	issued   time.Time // zero if it cannot be read, as expiry
	expiry   time.Time
}

// peek reads the claims of a JWT in compact form; it reports false for any other
// token (RFC 7519, section 3.1).
func peek(token string) (c claims, isJWT bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var members map[string]json.RawMessage // a map, since a struct's fields match in any case
	if err != nil || json.Unmarshal(payload, &members) != nil || members == nil {
		return c, false
	}
	var one string
	if json.Unmarshal(members["aud"], &one) == nil && one != "" {
		c.audience = []string{one}
	} else if json.Unmarshal(members["aud"], &c.audience) != nil {
		c.audience = nil
	}
	c.issued, c.expiry = numericDate(members["iat"]), numericDate(members["exp"])
	return c, true
}

// numericDate reads a NumericDate (RFC 7519, section 2); the zero time if it is
// none.
func numericDate(text json.RawMessage) time.Time {
	var seconds float64
	if json.Unmarshal(text, &seconds) != nil || seconds == 0 {
		return time.Time{}
	}
	const far = 1 << 40 // seconds; beyond it, time.Time goes wrong
	return time.Unix(int64(max(-far, min(seconds, far))), 0)
}
