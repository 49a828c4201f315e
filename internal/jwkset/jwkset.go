// Package jwkset says which keys of a JWK set (RFC 7517) can verify tokens, and explains
// data that is not a JWK set.
package jwkset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Misfit says what data is, if it is not a JWK set, and what to do. It returns an
// empty text for a JWK set with any keys. It never repeats data.
func Misfit(data []byte) string {
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	var members map[string]json.RawMessage
	switch err := json.Unmarshal(text, &members); {
	case len(text) == 0:
		return "it is empty"
	case bytes.HasPrefix(text, []byte("-----BEGIN ")):
		return pem(text)
	case bytes.HasPrefix(text, []byte("<")):
		return "it is HTML or XML, such as a page that asks to log in"
	case bytes.HasPrefix(text, []byte("eyJ")):
		return "it is a token, and not the keys that verify it"
	case bytes.HasPrefix(text, []byte("[")):
		return `it is a list: want an object, {"keys": […]}`
	case err != nil:
		return "it is no JSON"
	default:
		return object(members)
	}
}

// object says what a JSON object is that is not a JWK set.
func object(members map[string]json.RawMessage) string {
	var keys []json.RawMessage
	has := func(name string) bool { _, ok := members[name]; return ok }
	switch err := json.Unmarshal(members["keys"], &keys); {
	case has("keys") && (err != nil || keys == nil):
		return "its keys are no list"
	case has("keys"):
		return ""
	case has("jwks_uri") || has("issuer"):
		return "it is the metadata of an issuer: the keys are at the address that it has as jwks_uri"
	case has("kty"):
		return `it is a single key: put it into a list, {"keys": […]}`
	case certificates(members):
		return "it is a map of X.509 certificates: the provider has the keys as a JWK set at another address"
	case has("error"):
		return "it is the answer of a server that refused the request for the keys"
	}
	return "it is JSON without keys"
}

// certificates reports whether all members are certificates or keys in PEM, as Google
// and Firebase publish them.
func certificates(members map[string]json.RawMessage) bool {
	for _, value := range members {
		var text string
		if json.Unmarshal(value, &text) != nil || !strings.HasPrefix(text, "-----BEGIN ") {
			return false
		}
	}
	return len(members) > 0
}

// pem says what a PEM file contains.
func pem(text []byte) string {
	for _, kind := range []string{"CERTIFICATE", "PRIVATE KEY", "PUBLIC KEY"} {
		if first, _, _ := bytes.Cut(text, []byte("\n")); bytes.Contains(first, []byte(kind)) {
			return fmt.Sprintf("it is PEM, with a %s: write the public key as a JWK set", strings.ToLower(kind))
		}
	}
	return "it is PEM: write the public key as a JWK set"
}
