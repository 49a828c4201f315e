package testutil

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	assertionTyp  = "client-authentication+jwt"
	assertionLife = 5 * time.Minute
)

// asserted returns the client that authenticates with the assertion in form (RFC 7523,
// section 3, as updated by RFC 7523bis). The assertion must be signed with a key of the
// client, have the client as issuer and subject, this issuer as its only audience, the
// right typ, and a life of at most 5 minutes; and it must be new.
func (i *Issuer) asserted(form url.Values) (Client, *refusal) {
	text := form.Get("client_assertion")
	claims, ok := decode(text)
	id, _ := claims["sub"].(string)
	c, known := i.client(id)
	now := float64(time.Now().Unix())
	exp, timed := claims["exp"].(float64)
	_, dated := claims["iat"].(float64)
	jti, _ := claims["jti"].(string)
	wrong := ""
	switch {
	case form.Get("client_assertion_type") != assertionType:
		return Client{}, refuse("invalid_request", "client_assertion_type is missing or not served")
	case !ok || !known || !slices.ContainsFunc(c.Keys, func(k *Key) bool { return k.signed(text) }):
		wrong = "is not signed by a client that has keys here"
	case header(text)["typ"] != assertionTyp:
		wrong = "lacks the typ " + assertionTyp
	case claims["iss"] != id || form.Has("client_id") && form.Get("client_id") != id:
		wrong = "names two clients"
	case !slices.Equal(audiences(claims), []string{i.url}):
		wrong = "is not for this issuer alone"
	case !timed || !dated || exp <= now || exp > now+assertionLife.Seconds():
		wrong = "has expired, or lives longer than 5 minutes"
	case jti == "" || !i.first(id+" "+jti):
		wrong = "has no jti, or one that was seen before"
	default:
		return c, nil
	}
	return Client{}, refuse("invalid_client", "the client assertion "+wrong)
}

// first reports whether it is called with name for the first time.
func (i *Issuer) first(name string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	seen := i.seen[name]
	i.seen[name] = true
	return !seen
}

// signed reports whether k has signed a token in compact form, with its own algorithm.
func (k *Key) signed(token string) bool {
	dot := strings.LastIndexByte(token, '.')
	if dot < 0 || header(token)["alg"] != k.alg {
		return false
	}
	sig, err := base64.RawURLEncoding.Strict().DecodeString(token[dot+1:])
	return err == nil && len(sig) > 0 && k.verify([]byte(token[:dot]), sig)
}

// header reads the header of a JWT without verifying it.
func header(token string) (members Claims) {
	part, _, _ := strings.Cut(token, ".")
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil || json.Unmarshal(b, &members) != nil {
		return nil
	}
	return members
}
