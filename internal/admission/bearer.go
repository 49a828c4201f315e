package admission

import (
	"errors"
	"fmt"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// bearer returns the token of a request's one authorization value (RFC 6750,
// section 2.1). Two values are refused even if they are equal: a choice between two
// tokens would be a choice of the caller.
func bearer(credentials []string) (string, error) {
	switch len(credentials) {
	case 0:
		return "", &audience.Refusal{Cause: audience.CauseCredentialsMissing, Want: "authorization: Bearer <token>"}
	case 1:
		return bearerToken(credentials[0])
	default:
		return "", &audience.Refusal{
			Cause: audience.CauseCredentialsRepeated, Got: fmt.Sprintf("%d authorization values", len(credentials)), Want: "one",
			Hint: remedy.Situation{Cause: string(audience.CauseCredentialsRepeated)}.Remedy(),
		}
	}
}

// bearerToken cuts a token out of an authorization value: the scheme in any
// case, one or more spaces, and the rest, of whatever form.
func bearerToken(value string) (string, error) {
	scheme, rest, _ := strings.Cut(value, " ")
	if scheme != "Bearer" && !strings.EqualFold(scheme, "bearer") {
		got, hint := remedy.Authorization(value)
		return "", &audience.Refusal{Cause: audience.CauseSchemeUnsupported, Got: got, Want: "Bearer", Hint: hint}
	}
	return strings.TrimLeft(rest, " "), nil
}

// refineTokenError returns why a token was not taken for genuine: its form, if
// that is not a b64token (RFC 6750, section 2.1), else err. A known token needs
// no look at each of its letters, which would take as long as hashing it; nor
// does one that is too large, which would take longer.
func refineTokenError(err error, token string) error {
	if errors.Is(err, audience.CauseTokenTooLarge) {
		return err
	}
	if body := strings.TrimRight(token, "="); body == "" || strings.ContainsFunc(body, notInToken) {
		got, hint := remedy.Authorization("Bearer " + token)
		return &audience.Refusal{Cause: audience.CauseCredentialsMalformed, Got: got, Want: "Bearer, a space, and a token of the alphabet of RFC 6750", Hint: hint}
	}
	return err
}

// notInToken reports whether c cannot stand in a b64token before its padding.
func notInToken(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-._~+/", c)
}
