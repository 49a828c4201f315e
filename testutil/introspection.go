package testutil

import (
	"maps"
	"net/url"
)

// introspect tells any client that authenticates what a token of this issuer
// says (RFC 7662, section 2.2), whoever it is addressed to: the audience is
// for the one who asks to check.
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
