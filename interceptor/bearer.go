package interceptor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
)

const authorization = "authorization"

// bearer returns the token of the call's one authorization value (RFC 6750,
// section 2.1). Two values are refused even if they are equal: whoever chooses
// among them chooses who calls.
func bearer(ctx context.Context) (string, error) {
	switch values := authorizations(ctx); len(values) {
	case 0:
		return "", &audience.Refusal{Cause: audience.CauseCredentialsMissing, Want: "authorization: Bearer <token>"}
	case 1:
		return credentialsOf(values[0])
	default:
		return "", &audience.Refusal{
			Cause: audience.CauseCredentialsRepeated, Got: fmt.Sprintf("%d authorization values", len(values)), Want: "one",
			Hint: "the client may have set credentials both for the connection and for the call",
		}
	}
}

// presents reports whether a call brings an authorization value, of any form.
func presents(ctx context.Context) bool {
	return len(authorizations(ctx)) > 0
}

// authorizations returns the authorization values of a call, not to be changed.
// gRPC would copy them.
func authorizations(ctx context.Context) []string {
	md, _ := ctx.Value(incomingKey).(metadata.MD)
	if values := md[authorization]; values != nil {
		return values
	}
	return metadata.ValueFromIncomingContext(ctx, authorization) // which may be there in another case
}

// credentialsOf cuts a token out of an authorization value: the scheme in any
// case, one or more spaces, and the rest, of whatever form.
func credentialsOf(value string) (string, error) {
	scheme, rest, _ := strings.Cut(value, " ")
	if scheme != "Bearer" && !strings.EqualFold(scheme, "bearer") {
		return "", &audience.Refusal{Cause: audience.CauseSchemeUnsupported, Want: "Bearer"}
	}
	return strings.TrimLeft(rest, " "), nil
}

// refined returns why a token was not taken for genuine: for its form, if that
// is not a b64token (RFC 6750, section 2.1), else for err. A token that is known
// needs no look at each of its letters, which would take as long as hashing it;
// nor does one that is too large, which would take longer.
func refined(err error, token string) error {
	if errors.Is(err, audience.CauseTokenTooLarge) {
		return err
	}
	if body := strings.TrimRight(token, "="); body == "" || strings.ContainsFunc(body, notToken) {
		return &audience.Refusal{Cause: audience.CauseCredentialsMalformed, Want: "Bearer, a space, and a token of the alphabet of RFC 6750"}
	}
	return err
}

// notToken reports whether c cannot stand in a b64token before its padding.
func notToken(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-._~+/", c)
}
