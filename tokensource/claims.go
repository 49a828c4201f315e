package tokensource

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// claims is what the source looks at in a JWT that it has asked for. It is not
// verified: the issuer sent it over TLS, and the server that it is for verifies it.
type claims struct {
	audience []string
	expiry   time.Time // zero if there is none that can be read
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
	var exp float64
	if json.Unmarshal(members["exp"], &exp) == nil && exp != 0 {
		const far = 1 << 40 // seconds; beyond it, time.Time goes wrong
		c.expiry = time.Unix(int64(max(-far, min(exp, far))), 0)
	}
	return c, true
}

// hint says why an issuer may have given a token for got to a client that asked
// for want.
func hint(want string, got []string, client string) string {
	near := func(aud string) bool {
		trim := func(s string) string { return strings.TrimSuffix(strings.TrimSpace(s), "/") }
		return strings.EqualFold(trim(aud), trim(want))
	}
	switch {
	case len(got) == 0:
		return "the issuer ignored the audience asked for, or knows no audience for this client"
	case slices.ContainsFunc(got, near):
		return "the names differ only in case, spaces or a trailing slash; they must be the same"
	case slices.Equal(got, []string{"account"}):
		return "this is Keycloak's default: the client has no client scope with an audience mapper for it"
	case slices.Equal(got, []string{client}):
		return "the issuer addressed the token to the client itself: it ignored the audience asked for"
	}
	return "the issuer chose other audiences: check what this client may ask for there"
}
