package testutil

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"time"
)

// User returns a token for audience that the issuer gave to client for a user who logged
// in there; an opaque token if the client is registered as [Client.Opaque]. It does not
// check what the client may request.
func (i *Issuer) User(client, user, audience string, scopes ...string) string {
	c, _ := i.client(client)
	c.ID = client
	return i.issue(c, Claims{"sub": user}, []string{audience}, strings.Join(scopes, " "))
}

// Revoke makes token, one of this issuer's, inactive for introspection and
// exchange. The signature of a JWT stays valid after that.
func (i *Issuer) Revoke(token string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.revoked[token] = true
}

// issue returns an access token for c (RFC 9068, section 2.2). claims override the claims
// that it adds.
func (i *Issuer) issue(c Client, claims Claims, audiences []string, scope string) string {
	issued := Claims{"azp": c.ID, "client_id": c.ID, "aud": audiences}
	if len(audiences) == 1 {
		issued["aud"] = audiences[0]
	}
	if scope != "" {
		issued["scope"] = scope
	}
	maps.Copy(issued, claims)
	if c.boundTo != "" {
		issued["cnf"] = Claims{"x5t#S256": c.boundTo}
	}
	if i.options.write != nil {
		subject, _ := issued["sub"].(string)
		issued = i.options.write(Grant{Client: c.ID, Subject: subject, Audiences: audiences, Scopes: strings.Fields(scope)}, issued)
	}
	token := i.Mint(issued)
	if !c.Opaque {
		return token
	}
	text := rand.Text()
	payload, _ := decode(token)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.opaque[text] = payload
	return text
}

// lookup returns the claims of a token of this issuer that is neither forged
// nor revoked nor out of its time, nor of a session that has ended.
func (i *Issuer) lookup(token string) (Claims, bool) {
	claims, ok := i.genuine(token)
	exp, timed := claims["exp"].(float64)
	nbf, _ := claims["nbf"].(float64)
	now := float64(time.Now().Unix())
	return claims, ok && timed && now < exp && nbf <= now && claims["iss"] == i.url && !i.hasEnded(claims)
}

// hasEnded reports whether a token is of a session that has ended.
func (i *Issuer) hasEnded(claims Claims) bool {
	sid, _ := claims["sid"].(string)
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.ended[sid]
}

func (i *Issuer) genuine(token string) (Claims, bool) {
	if claims, known := i.remembered(token); known {
		return claims, claims != nil
	}
	for _, k := range i.published() {
		if k.signed(token) {
			return decode(token)
		}
	}
	return nil, false
}

// remembered returns the claims of an opaque token, and no claims of a revoked token;
// known is false for other tokens.
func (i *Issuer) remembered(token string) (claims Claims, known bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.revoked[token] {
		return nil, true
	}
	claims, known = i.opaque[token]
	return claims, known
}

// decode reads the payload of a JWT without verifying it.
func decode(token string) (Claims, bool) {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	b, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return nil, false
	}
	var claims Claims
	return claims, json.Unmarshal(b, &claims) == nil
}
