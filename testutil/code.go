package testutil

import (
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"net/url"
	"time"
)

const authorizationCode = "authorization_code"

// codeLife is how long a code is good (RFC 6749, section 4.1.2).
const codeLife = time.Minute

// redeem is the grant of an authorization code (RFC 6749, section 4.1.3), with PKCE (RFC
// 7636, section 4.6). A code is good once.
func (i *Issuer) redeem(c Client, form url.Values) (any, *refusal) {
	l, ok := i.takeLogin(form.Get("code"))
	u, known := i.user(l.user)
	verifier := form.Get("code_verifier")
	digest := sha256.Sum256([]byte(verifier))
	switch {
	case !ok, l.client.ID != c.ID, time.Since(l.issued) > codeLife:
		return nil, refuse("invalid_grant", "the code is unknown, used, expired, or of another client")
	case form.Get("redirect_uri") != l.redirect:
		return nil, refuse("invalid_grant", "redirect_uri is not the one of the login")
	case !known:
		return nil, refuse("invalid_grant", "the user of the login is no user any more")
	case len(verifier) < 43 || len(verifier) > 128:
		return nil, refuse("invalid_grant", "code_verifier is missing, or has not 43 to 128 characters (RFC 7636, section 4.1)")
	case subtle.ConstantTimeCompare([]byte(base64url(digest[:])), []byte(l.challenge)) != 1:
		return nil, refuse("invalid_grant", "code_verifier does not fit the code_challenge of the login")
	}
	if !i.join(l.session, c.ID) {
		return nil, refuse("invalid_grant", "the session of the login has ended")
	}
	return i.loginResponse(c, l, u, l.scope), nil
}

// loginResponse is the response to a client with new tokens for u, who logged in.
func (i *Issuer) loginResponse(c Client, l login, u User, scope string) tokenResponse {
	token := i.issue(c, i.loginClaims(l, u), l.audiences, scope)
	return tokenResponse{
		AccessToken:  token,
		IDToken:      i.idToken(l, token),
		RefreshToken: i.keepRenewal(l),
		TokenType:    "Bearer",
		ExpiresIn:    int64(i.options.lifetime / time.Second),
		Scope:        scope,
	}
}

// takeLogin returns the login of a code, which nobody can redeem after that.
func (i *Issuer) takeLogin(code string) (login, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	l, ok := i.logins[code]
	delete(i.logins, code)
	return l, ok
}

// loginClaims are the claims of a token of u, who logged in (RFC 9068, section 2.2.1).
func (i *Issuer) loginClaims(l login, u User) Claims {
	claims := Claims{"sub": u.Name, "auth_time": l.at.Unix(), "sid": l.session}
	if len(u.Roles) > 0 {
		claims["roles"] = u.Roles
	}
	maps.Copy(claims, u.Claims)
	return claims
}

// idToken is the ID token beside an access token (OpenID Connect Core, section 2), empty
// unless it was requested.
func (i *Issuer) idToken(l login, token string) string {
	if !l.openID {
		return ""
	}
	digest, now := sha256.Sum256([]byte(token)), time.Now()
	claims := Claims{
		"iss": i.url, "sub": l.user, "aud": l.client.ID, "iat": now.Unix(), "exp": now.Add(i.options.lifetime).Unix(),
		"auth_time": l.at.Unix(), "at_hash": base64url(digest[:len(digest)/2]), "nonce": nil,
		"sid": l.session,
	}
	if l.nonce != "" {
		claims["nonce"] = l.nonce
	}
	d := draft{key: i.published()[0], header: Claims{"typ": "JWT"}}
	return d.sign(claims)
}
