package testutil

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// SetJWKS publishes document as the key set, whatever it contains; nil publishes the
// issuer's own keys again. It does not change which keys sign.
func (i *Issuer) SetJWKS(document []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.jwks = bytes.Clone(document)
}

func (i *Issuer) serveJWKS(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", fmt.Sprintf("max-age=%d", int(i.options.maxAge.Seconds())))
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Write(i.keySet())
}

func (i *Issuer) keySet() []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.jwks != nil {
		return i.jwks
	}
	set := struct {
		Keys []map[string]any `json:"keys"`
	}{}
	for _, k := range i.keys {
		set.Keys = append(set.Keys, k.JWK())
	}
	return encode(set)
}

// serveDiscovery publishes addresses below the issuer's URL, also if the request arrived
// at a listener.
func (i *Issuer) serveDiscovery(w http.ResponseWriter, _ *http.Request) {
	var algs []string
	for _, k := range i.published() {
		if !slices.Contains(algs, k.alg) {
			algs = append(algs, k.alg)
		}
	}
	secrets := []string{"client_secret_basic", "client_secret_post"}
	document := map[string]any{
		"issuer":                                i.url,
		"jwks_uri":                              i.address(JWKS),
		"token_endpoint":                        i.address(Token),
		"token_endpoint_auth_methods_supported": append(secrets, "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"),
		"introspection_endpoint":                i.address(Introspection),
		"introspection_endpoint_auth_methods_supported": secrets,
		"grant_types_supported":                         []string{clientCredentials, tokenExchange, jwtBearer},
		"response_types_supported":                      []string{},
		"subject_types_supported":                       []string{"public"},
		"id_token_signing_alg_values_supported":         algs,
	}
	if len(i.userNames()) > 0 {
		document["authorization_endpoint"] = i.address(Authorization)
		document["grant_types_supported"] = []string{clientCredentials, tokenExchange, jwtBearer, authorizationCode, refreshToken}
		document["response_types_supported"] = []string{"code"}
		document["code_challenge_methods_supported"] = []string{"S256"}
		document["authorization_response_iss_parameter_supported"] = true
		document["prompt_values_supported"] = prompts
		document["end_session_endpoint"] = i.address(EndSession)
		document["backchannel_logout_supported"] = true
		document["backchannel_logout_session_supported"] = true
	}
	if i.options.alias != "" {
		document["mtls_endpoint_aliases"] = map[string]string{
			"token_endpoint":         i.options.alias + i.path + string(Token),
			"introspection_endpoint": i.options.alias + i.path + string(Introspection),
		}
	}
	writeJSON(w, http.StatusOK, document)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(encode(v))
}

// encode panics on values that JSON cannot represent: a mistake in the test.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("testutil: %v", err))
	}
	return b
}
