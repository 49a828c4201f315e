package tokensource

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// TokenType accepts this token_type beside "Bearer", for an issuer whose bearer tokens
// have another name, such as "BearerToken". It is compared exactly. By default an
// answer with any type but "Bearer", in any case, is refused ([ErrRefused]): whoever
// sends a token must know how it is to be presented (RFC 6749, section 7.1). [New]
// refuses the types that are presented otherwise: DPoP, PoP, MAC and N_A.
func TokenType(name string) OAuthOption {
	return oauthOption(func(o *oauthOptions) { o.tokenTypes = append(o.tokenTypes, name) })
}

// typeName is the syntax of a token type that is registered (RFC 6749, section 8.1).
var typeName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// otherTypes are the types of tokens that are not presented as bearer tokens, in lower
// case, with what an answer of that type means.
var otherTypes = map[string]string{
	"dpop": "this issuer binds the token to a key of the client, and such a token cannot be presented as Bearer: switch DPoP off for the client there",
	"pop":  "this issuer binds the token to a key of the client, and such a token cannot be presented as Bearer: switch proof of possession off for the client there",
	"mac":  "such a token cannot be presented as Bearer: have the issuer give bearer tokens to the client",
	"n_a":  "the issuer says that this is no access token",
}

// checkTokenTypes refuses options that name no type, or one that cannot be presented
// as Bearer.
func (o *oauthOptions) checkTokenTypes() error {
	for _, name := range o.tokenTypes {
		switch kind := strings.ToLower(name); {
		case !typeName.MatchString(name):
			return fmt.Errorf("tokensource: token type: got %s, want a token_type such as BearerToken", quote(name))
		case kind == "bearer":
			return fmt.Errorf("tokensource: token type: %s is accepted without this", quote(name))
		case otherTypes[kind] != "":
			return fmt.Errorf("tokensource: token type: tokens of type %s cannot be presented as Bearer", quote(name))
		}
	}
	return nil
}

// checkTokenType refuses an answer whose token cannot be presented as Bearer. Another
// request would be answered likewise, so the error is final.
func checkTokenType(got string, g Grant, accepted []string, secrets ...string) error {
	kind := strings.ToLower(got)
	switch assertion := g == exchangeForAssertion && got == tokenTypeNone; {
	case assertion, kind == "bearer", slices.Contains(accepted, got):
		return nil
	case otherTypes[kind] != "":
		return fmt.Errorf("%w: token_type: got %s, want Bearer; %s", ErrRefused, quote(got, secrets...), otherTypes[kind])
	case typeName.MatchString(got):
		return fmt.Errorf("%w: token_type: got %s, want Bearer; if that is the issuer's name for bearer tokens, set token_type of the issuer to it", ErrRefused, quote(got, secrets...))
	}
	return fmt.Errorf("%w: token_type: got %s, want Bearer: the issuer does not say how the token is to be presented", ErrRefused, quote(got, secrets...))
}
