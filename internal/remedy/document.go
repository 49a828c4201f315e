package remedy

import (
	"bytes"
	"encoding/json"
	"strings"
)

// KeySet says what a document is that holds no JWK set, and what to write instead; empty
// if that is not known. It repeats nothing of the document.
func KeySet(document []byte) string {
	data := bytes.TrimSpace(bytes.TrimPrefix(document, []byte("\ufeff")))
	var members map[string]json.RawMessage
	switch {
	case len(data) == 0:
		return "it is empty: want a JWK set, {\"keys\": […]}, as the issuer's jwks_uri has it"
	case bytes.Contains(data, []byte("PRIVATE KEY-----")):
		return "it is a private key in PEM: nobody but the issuer may have that; want the issuer's JWK set, {\"keys\": […]}"
	case bytes.Contains(data, []byte("-----BEGIN ")) && data[0] == '-':
		return "it is PEM: want the issuer's JWK set, {\"keys\": […]}, as its jwks_uri has it"
	case BodyOf("", data) == HTML:
		return "it is a web page: check the address"
	case bytes.HasPrefix(data, []byte("[")):
		return "it is a list: want a JWK set, {\"keys\": […]} around it"
	case bytes.HasPrefix(data, []byte("eyJ")):
		return "it is a token: want the issuer's JWK set, {\"keys\": […]}"
	case json.Unmarshal(data, &members) != nil:
		return "it is no JSON: want a JWK set, {\"keys\": […]}, as the issuer's jwks_uri has it"
	}
	return keySetIn(members)
}

// keySetIn says what an object is that is no JWK set.
func keySetIn(members map[string]json.RawMessage) string {
	has := func(name string) bool { return members[name] != nil }
	switch {
	case has("keys"):
		return ""
	case has("jwks_uri"), has("issuer") && has("token_endpoint"):
		return "it is a metadata document: the keys are at the address that its jwks_uri names"
	case has("d"), has("k"), has("private_key"):
		return "it holds a private or symmetric key: nobody but the issuer may have that; want the issuer's JWK set"
	case has("kty"):
		return "it is one JWK: want a set of them, {\"keys\": […]} around it"
	case has("error"):
		return "it is an error that somebody saved: ask the issuer's jwks_uri again"
	case len(members) > 0 && allCertificates(members):
		return "it maps key ids to certificates (x509), as Google's oauth2/v1/certs does: take the JWK set, at Google oauth2/v3/certs"
	}
	return "it has no keys: want a JWK set, {\"keys\": […]}, as the issuer's jwks_uri has it"
}

// allCertificates reports whether each member is a certificate or a key in PEM.
func allCertificates(members map[string]json.RawMessage) bool {
	for _, raw := range members {
		var text string
		if json.Unmarshal(raw, &text) != nil || !strings.HasPrefix(text, "-----BEGIN ") {
			return false
		}
	}
	return true
}
