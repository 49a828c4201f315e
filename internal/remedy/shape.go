package remedy

import "strings"

// removedSignature is the text with which Google's Cloud Run and API Gateway replace a
// signature after they have checked it.
const removedSignature = "SIGNATURE_REMOVED"

// Shape says what a text may be that is not a JWT of three parts, or that has lost its
// signature; empty if nothing is known. It repeats nothing of the text.
func Shape(token string) string {
	trimmed := strings.TrimSpace(token)
	dots := strings.Count(trimmed, ".")
	jwt := strings.HasPrefix(trimmed, "eyJ")
	last := trimmed[strings.LastIndexByte(trimmed, '.')+1:]
	switch {
	case strings.HasPrefix(strings.ToUpper(last), removedSignature):
		return "a proxy has replaced the signature by SIGNATURE_REMOVED_BY_GOOGLE after it checked the token, as Cloud Run does: let the client show Cloud Run its token in x-serverless-authorization, and the one for this service in authorization"
	case strings.HasPrefix(trimmed, "{"):
		return "this is the JSON serialisation of a JWS; only the compact one is accepted"
	case dots == 4:
		return "five parts are an encrypted token (JWE); let the issuer send signed ones to this service"
	case dots < 2 && jwt:
		return "it begins as a JWT, and ends before the signature: was it cut off? Give the whole token: three parts with dots between them"
	case dots < 2:
		return "this may be an opaque token; have the issuer write JWTs for this audience, or, if its tokens stay opaque, set introspection under issuers"
	case strings.HasSuffix(trimmed, "."):
		return "the signature is missing"
	}
	return ""
}
