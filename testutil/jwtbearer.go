package testutil

import (
	"net/url"
	"slices"
	"time"
)

const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// Trust makes i accept tokens of other as assertions (RFC 7523, section 2.1) if they are
// addressed to i alone: from any client, for the subject of the assertion; and from a
// client that is itself the subject, without other authentication.
func (i *Issuer) Trust(other *Issuer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.trusted = append(i.trusted, other)
}

// assertion returns the claims of an assertion that a trusted issuer has signed.
func (i *Issuer) assertion(form url.Values) (Claims, *refusal) {
	i.mu.Lock()
	trusted := slices.Clone(i.trusted)
	i.mu.Unlock()
	for _, other := range trusted {
		claims, ok := other.lookup(form.Get("assertion"))
		if ok && slices.Equal(audiences(claims), []string{i.url}) {
			return claims, nil
		}
	}
	return nil, refuse("invalid_grant", "assertion is not valid, or not for this issuer alone")
}

// described returns the client that is the subject of an assertion.
func (i *Issuer) described(form url.Values) (Client, *refusal) {
	claims, err := i.assertion(form)
	if err != nil {
		return Client{}, err
	}
	id, _ := claims["sub"].(string)
	c, ok := i.client(id)
	if !ok {
		return Client{}, refuse("invalid_client", "the assertion is about no client")
	}
	return c, nil
}

// bearer is the grant of RFC 7523, section 2.1. With requested_token_use it is the
// on-behalf-of flow of Entra ID, in which the assertion is a token addressed to c.
func (i *Issuer) bearer(c Client, form url.Values) (any, *refusal) {
	var subject Claims
	var err *refusal
	switch use := form.Get("requested_token_use"); {
	case use == "on_behalf_of" && !c.Exchange:
		err = refuse("unauthorized_client", c.ID+" may not exchange tokens")
	case use == "on_behalf_of":
		subject, err = i.subject(c, url.Values{"subject_token": form["assertion"]})
	case use != "":
		err = refuse("invalid_request", "requested_token_use is not served")
	default:
		subject, err = i.assertion(form)
	}
	if err != nil {
		return nil, err
	}
	audiences, scope, err := i.target(c, form)
	if err != nil {
		return nil, err
	}
	claims := Claims{"sub": subject["sub"]}
	copyLogin(claims, subject)
	if subject["sub"] != c.ID {
		claims["act"] = Claims{"sub": c.ID}
	}
	return tokenResponse{
		AccessToken: i.issue(c, claims, audiences, scope),
		TokenType:   "Bearer",
		ExpiresIn:   int64(i.options.lifetime / time.Second),
		Scope:       scope,
	}, nil
}
