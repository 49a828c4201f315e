package testutil

import (
	"net/url"
	"slices"
	"time"
)

// The token types of RFC 8693, section 3, that the issuer serves.
const (
	typeAccessToken = "urn:ietf:params:oauth:token-type:access_token"
	typeJWT         = "urn:ietf:params:oauth:token-type:jwt"
)

// exchange is the token exchange grant (RFC 8693): the subject token is addressed to c,
// which gets a token for the same subject and another target.
func (i *Issuer) exchange(c Client, form url.Values) (any, *refusal) {
	if !c.Exchange {
		return nil, refuse("unauthorized_client", c.ID+" may not exchange tokens")
	}
	if err := checkTypes(form); err != nil {
		return nil, err
	}
	subject, err := i.subject(c, form)
	if err != nil {
		return nil, err
	}
	audiences, scope, err := i.target(c, form)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	exp := min(now.Add(i.options.lifetime).Unix(), int64(subject["exp"].(float64)))
	claims := Claims{"sub": subject["sub"], "exp": exp, "act": actors(c, subject)}
	copyLogin(claims, subject)
	issued := form.Get("requested_token_type")
	if issued == "" {
		issued = typeAccessToken
	}
	kind := "Bearer"
	if issued == typeJWT {
		kind = "N_A" // not to be sent as a bearer token: an assertion for another server
	}
	return tokenResponse{
		AccessToken:     i.issue(c, claims, audiences, scope),
		IssuedTokenType: issued,
		TokenType:       kind,
		ExpiresIn:       exp - now.Unix(),
		Scope:           scope,
	}, nil
}

// checkTypes refuses requests that RFC 8693, section 2.1, excludes whatever the tokens are.
func checkTypes(form url.Values) *refusal {
	types := []string{typeAccessToken, typeJWT}
	switch requested := form.Get("requested_token_type"); {
	case form.Get("subject_token") == "":
		return refuse("invalid_request", "subject_token is missing")
	case !slices.Contains(types, form.Get("subject_token_type")):
		return refuse("invalid_request", "subject_token_type is missing or not served")
	case form.Has("actor_token") != form.Has("actor_token_type"):
		return refuse("invalid_request", "actor_token and actor_token_type come together")
	case form.Has("actor_token") && !slices.Contains(types, form.Get("actor_token_type")):
		return refuse("invalid_request", "actor_token_type is not served")
	case requested != "" && !slices.Contains(types, requested):
		return refuse("invalid_request", "requested_token_type is not served")
	}
	return nil
}

// subject returns the claims of the subject token, which must be addressed to c. If
// there is an actor token, it must be c's own.
func (i *Issuer) subject(c Client, form url.Values) (Claims, *refusal) {
	subject, ok := i.lookup(form.Get("subject_token"))
	if !ok {
		return nil, refuse("invalid_grant", "subject_token is not valid")
	}
	if !slices.ContainsFunc(audiences(subject), func(a string) bool { return slices.Contains(c.OwnAudiences, a) }) {
		return nil, refuse("invalid_grant", "subject_token is not addressed to "+c.ID)
	}
	if actor := form.Get("actor_token"); actor != "" {
		if claims, ok := i.lookup(actor); !ok || party(claims) != c.ID {
			return nil, refuse("invalid_grant", "actor_token is not a valid token of "+c.ID)
		}
	}
	return subject, nil
}

// copyLogin copies what a token says about the user's login (RFC 9068, section 2.2.1), and
// its session.
func copyLogin(to, from Claims) {
	for _, name := range []string{"auth_time", "acr", "amr", "sid"} {
		if value, ok := from[name]; ok {
			to[name] = value
		}
	}
}

// actors returns the act claim of a token that c gets for subject: c, with the actors of
// the subject token nested in it, or else the other client that the subject token was
// issued to (RFC 8693, section 4.1).
func actors(c Client, subject Claims) Claims {
	act := Claims{"sub": c.ID}
	if before, ok := subject["act"]; ok {
		act["act"] = before
	} else if holder := party(subject); holder != "" && holder != c.ID {
		act["act"] = Claims{"sub": holder}
	}
	return act
}

// party returns the client that a token was issued to.
func party(claims Claims) string {
	if azp, ok := claims["azp"].(string); ok {
		return azp
	}
	id, _ := claims["client_id"].(string)
	return id
}

// audiences returns the strings of aud, which is a string or an array.
func audiences(claims Claims) []string {
	switch aud := claims["aud"].(type) {
	case string:
		return []string{aud}
	case []any:
		var all []string
		for _, a := range aud {
			s, _ := a.(string)
			all = append(all, s)
		}
		return all
	}
	return nil
}
