package tokensource

import (
	"fmt"
	"slices"

	"github.com/grpcaud/grpcaud/internal/tokentype"
)

// TokenType accepts this token_type in addition to "Bearer", for an issuer whose bearer
// tokens have another name, such as "BearerToken". It is compared exactly. By default an
// answer with any type other than "Bearer", in any case, is refused ([ErrRefused]):
// whoever sends a token must know how to present it (RFC 6749, section 7.1). [New]
// refuses the types whose tokens are presented in another way: DPoP, PoP, MAC and N_A.
func TokenType(name string) OAuthOption {
	return oauthOption(func(o *oauthOptions) { o.tokenTypes = append(o.tokenTypes, name) })
}

// checkTokenTypes refuses options that name no type, or one that cannot be presented
// as Bearer.
func (o *oauthOptions) checkTokenTypes() error {
	for _, name := range o.tokenTypes {
		if err := tokentype.CheckAlias(name); err != nil {
			return fmt.Errorf("tokensource: token type %s: %w", quote(name), err)
		}
	}
	return nil
}

// checkTokenType refuses an answer whose token cannot be presented as Bearer. Another
// request would get the same answer, so the error is final.
func checkTokenType(got string, g Grant, accepted []string, secrets ...string) error {
	assertion := g == exchangeForAssertion && got == tokenTypeNone
	if assertion || tokentype.Bearer(got) || slices.Contains(accepted, got) {
		return nil
	}
	return fmt.Errorf("%w: token_type: got %s, want Bearer; %s", ErrRefused, quote(got, secrets...), tokentype.Remedy(got))
}
