package claims

// IDTokenHint explains to the operator what an ID token is for.
const IDTokenHint = "an ID token tells a client who logged in; call services with the access token"

// typeHint says what kind of token another type is.
func typeHint(typ string) string {
	switch typ {
	case "id", "jwt":
		return "if this is an ID token: " + IDTokenHint
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
