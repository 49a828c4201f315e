// Package tokentype decides whether a token of some token_type can be presented as
// Bearer (RFC 6749, section 7.1).
package tokentype

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// name is the syntax of a registered type (RFC 6749, section 8.1).
var name = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// others are the types of tokens that are presented in another way, in lower case,
// with the meaning of such an answer.
var others = map[string]string{
	"dpop": "the issuer binds the token to a key of the client: switch DPoP off for the client there",
	"pop":  "the issuer binds the token to a key of the client: switch proof of possession off for the client there",
	"mac":  "have the issuer give bearer tokens to the client",
	"n_a":  "the issuer says that this is no access token",
}

// Bearer reports whether a type is Bearer, in any case.
func Bearer(kind string) bool { return strings.EqualFold(kind, "bearer") }

// CheckAlias refuses a name that cannot be another name for Bearer.
func CheckAlias(kind string) error {
	switch _, other := others[strings.ToLower(kind)]; {
	case Bearer(kind):
		return errors.New("Bearer, in any case, is accepted without this")
	case other:
		return fmt.Errorf("tokens of type %s cannot be presented as Bearer", kind)
	case !name.MatchString(kind):
		return errors.New("want the token_type of the issuer's answers, such as BearerToken")
	}
	return nil
}

// Remedy says what to do about an answer of a type that is not Bearer.
func Remedy(kind string) string {
	switch remedy := others[strings.ToLower(kind)]; {
	case remedy != "":
		return "a token of this type cannot be presented as Bearer; " + remedy
	case name.MatchString(kind):
		return "if that is the issuer's name for bearer tokens, set token_type of the issuer to it"
	}
	return "the issuer does not say how the token is to be presented"
}
