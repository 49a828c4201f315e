package testutil

import (
	"maps"
	"net/url"
)

// introspect returns the claims of a token of this issuer to any client that
// authenticates (RFC 7662, section 2.2), whatever the token's audience: checking it is
// left to the client.
func (i *Issuer) introspect(_ Client, form url.Values) (any, *refusal) {
	if form.Get("token") == "" {
		return nil, refuse("invalid_request", "token is missing")
	}
	claims, ok := i.lookup(form.Get("token"))
	if !ok {
		return Claims{"active": false}, nil
	}
	body := Claims{"active": true, "token_type": "Bearer"}
	maps.Copy(body, claims)
	return body, nil
}
