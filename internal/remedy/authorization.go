package remedy

import (
	"fmt"
	"slices"
	"strings"
)

// otherSchemes are the authentication schemes that a message may name. Any other word
// may be a secret.
var otherSchemes = []string{"basic", "digest", "dpop", "negotiate", "ntlm", "mutual", "oauth", "hoba", "token", "jwt", "apikey", "aws4-hmac-sha256", "gnap", "privatetoken", "vapid"}

// Authorization describes an authorization value that is not "Bearer", a space and a
// token, and says what to change. Of the value it repeats only the name of a known
// scheme.
func Authorization(value string) (got, remedy string) {
	scheme, rest, spaced := strings.Cut(strings.TrimSpace(value), " ")
	second, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	lower := strings.ToLower(scheme)
	switch {
	case scheme == "":
		return "an empty value", "the client has set the header, and no token: look at where it gets one"
	case lower == "bearer" && strings.EqualFold(second, "bearer"):
		return "Bearer twice", "the client writes Bearer before a text that begins with it already: leave one out"
	case lower == "bearer" && strings.ContainsAny(rest, "\"'"):
		return "Bearer and a token in quotes", "send the token without quotes"
	case lower == "bearer" && (strings.HasPrefix(rest, "<") || strings.HasPrefix(rest, "{") || strings.HasPrefix(rest, "$")):
		return "Bearer and a placeholder", "the client sends the text of a template: have it put the token there"
	case lower == "bearer" && strings.TrimSpace(rest) == "":
		return "Bearer without a token", "the client has set the header, and no token: look at where it gets one"
	case lower == "bearer" && strings.ContainsAny(strings.TrimSpace(rest), " \t\r\n"):
		return "Bearer and a token with white space in it", "the token must have no spaces and no line breaks: have the client cut them off"
	case strings.HasPrefix(lower, "bearer:"), strings.HasPrefix(lower, "bearer="), strings.HasPrefix(lower, "bearer,"):
		return fmt.Sprintf("%q after Bearer", lower[len("bearer"):len("bearer")+1]), "write Bearer, a space, and the token"
	case !spaced && strings.HasPrefix(scheme, "eyJ"):
		return "a token without a scheme", "write Bearer and a space before the token"
	case lower == "dpop":
		return `scheme "DPoP"`, "a DPoP-bound token cannot be sent as Bearer: have the issuer give the client a token that is not bound by DPoP"
	case slices.Contains(otherSchemes, strings.TrimSuffix(lower, ":")):
		return fmt.Sprintf("scheme %q", scheme), "send an access token: Bearer, a space, and the token"
	case lower == "bearer":
		return "Bearer and a text that is no token", ""
	case !spaced:
		return "a value without a scheme", "write Bearer and a space before the token"
	}
	return "another scheme", "send an access token: Bearer, a space, and the token"
}
