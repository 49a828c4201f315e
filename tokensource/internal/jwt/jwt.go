// Package jwt reads claims of tokens that this client has requested or holds. It
// verifies no signature: the token came from the issuer over TLS or from a file of
// the operator, and the server that gets it verifies it.
package jwt

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/internal/jsonvalue"
)

// Claims are the claims of a JWT (RFC 7519, section 4.1) that a client looks at.
type Claims struct {
	Audience []string
	IssuedAt time.Time // zero if iat is missing or is no date
	Expiry   time.Time // zero if exp is missing or is no date
	// InvalidExpiry means that exp is there and is no date. No server accepts
	// such a token.
	InvalidExpiry bool
}

// Read returns the claims of a JWT in compact form. It reports false for any other
// token (RFC 7519, section 3.1).
func Read(token string) (c Claims, isJWT bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return c, false
	}
	members, ok := object(payload)
	if !ok {
		return c, false
	}
	c.Audience = audience(members["aud"])
	c.IssuedAt, _ = jsonvalue.Date(members["iat"])
	if exp, ok := members["exp"]; ok {
		c.Expiry, ok = jsonvalue.Date(exp)
		c.InvalidExpiry = !ok
	}
	return c, true
}

// object decodes a JSON object into a map: the fields of a struct would match names
// of any case.
func object(text []byte) (members map[string]any, ok bool) {
	if !json.Valid(text) { // a Decoder would accept more after the object
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err := d.Decode(&members)
	return members, err == nil && members != nil
}

// audience reads aud: a string, or an array of strings (RFC 7519, section 4.1.3).
// Any other value is no audience.
func audience(v any) []string {
	switch v := v.(type) {
	case string:
		if v != "" {
			return []string{v}
		}
	case []any:
		list := []string{}
		for _, one := range v {
			text, ok := one.(string)
			if !ok {
				return nil
			}
			list = append(list, text)
		}
		return list
	}
	return nil
}
