package admission

import (
	"errors"
	"fmt"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// bearer returns the token of the only authorization value of a request (RFC 6750,
// section 2.1). Two values are refused even if they are equal, since otherwise the
// caller could choose which of two tokens is judged.
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

// bearerToken returns the token in an authorization value: the scheme in any case, one
// or more spaces, and the rest in any form.
func bearerToken(value string) (string, error) {
	scheme, rest, _ := strings.Cut(value, " ")
	if scheme != "Bearer" && !strings.EqualFold(scheme, "bearer") {
		got, hint := remedy.Authorization(value)
		return "", &audience.Refusal{Cause: audience.CauseSchemeUnsupported, Got: got, Want: "Bearer", Hint: hint}
	}
	return strings.TrimLeft(rest, " "), nil
}

// refineTokenError returns why a token is not genuine: if it is not a b64token (RFC
// 6750, section 2.1), its form; otherwise err. The form is checked only after the
// verification has failed: to read every character of a known token would take as long
// as to hash it. Too large a token is not read either.
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

// notInToken reports whether c cannot occur in a b64token before its padding.
func notInToken(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-._~+/", c)
}
