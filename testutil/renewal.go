package testutil

import (
	"crypto/rand"
	"maps"
	"net/url"
	"slices"
	"strings"
)

const refreshToken = "refresh_token"

// renewal is a login whose tokens can be renewed. One of its refresh tokens is valid, the
// others were used.
type renewal struct {
	login   login
	current string
}

// keepRenewal returns the first refresh token of a login.
func (i *Issuer) keepRenewal(l login) string {
	token := rand.Text()
	l.nonce = "" // which is of the login's own ID token (OpenID Connect Core, section 12.2)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.renewals[token] = &renewal{login: l, current: token}
	return token
}

// renew is the grant of a refresh token (RFC 6749, section 6). A refresh token is valid
// once: if it comes again, all of the login end (RFC 9700, section 4.14.2). They end with
// the session too.
func (i *Issuer) renew(c Client, form url.Values) (any, *refusal) {
	l, next, ok := i.rotate(c, form.Get(refreshToken))
	if !ok || !i.join(l.session, c.ID) {
		return nil, refuse("invalid_grant", "the refresh token is unknown, used, or of another client, or its session has ended")
	}
	u, known := i.user(l.user)
	if !known {
		return nil, refuse("invalid_grant", "the user of the login is no user any more")
	}
	for _, a := range l.audiences {
		if !slices.Contains(c.Audiences, a) && !slices.Contains(c.OwnAudiences, a) {
			return nil, refuse("invalid_grant", c.ID+" may not have these tokens any more")
		}
	}
	allowed := c.scopesOf(l.audiences)
	granted := slices.DeleteFunc(strings.Fields(l.scope), func(s string) bool { return !slices.Contains(allowed, s) })
	for _, s := range strings.Fields(form.Get("scope")) {
		if !slices.Contains(granted, s) && !slices.Contains(openIDScopes, s) {
			return nil, refuse("invalid_scope", "a refresh cannot add scopes")
		}
	}
	if form.Has("scope") {
		granted = slices.DeleteFunc(granted, func(s string) bool { return !slices.Contains(strings.Fields(form.Get("scope")), s) })
	}
	response := i.loginResponse(c, l, u, strings.Join(granted, " "))
	response.RefreshToken = next
	return response, nil
}

// rotate returns the login of a refresh token, and the token that replaces it.
func (i *Issuer) rotate(c Client, token string) (l login, next string, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	r := i.renewals[token]
	switch {
	case r == nil || r.login.client.ID != c.ID:
		return login{}, "", false
	case r.current != token:
		maps.DeleteFunc(i.renewals, func(_ string, other *renewal) bool { return other == r })
		return login{}, "", false
	}
	r.current = rand.Text()
	i.renewals[r.current] = r
	return r.login, r.current, true
}
