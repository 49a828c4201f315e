package claims

import "github.com/grpcaud/grpcaud/internal/hint"

// typeHint says what kind of token another type is.
func typeHint(typ string) string {
	switch typ {
	case "id", "jwt":
		return "if this is an ID token: " + hint.IDToken
	case "refresh":
		return "this is a refresh token, which goes to the issuer alone"
	case "logout", "logout+jwt":
		return "this is a logout token"
	case "dpop+jwt":
		return "this is a DPoP proof, not the token that it belongs to"
	default:
		return ""
	}
}
