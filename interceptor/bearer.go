package interceptor

import (
	"context"
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
	switch values := metadata.ValueFromIncomingContext(ctx, authorization); len(values) {
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

// credentialsOf cuts a token out of an authorization value: the scheme in any
// case, one or more spaces, and a b64token up to the end.
func credentialsOf(value string) (string, error) {
	scheme, rest, _ := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, "bearer") {
		return "", &audience.Refusal{Cause: audience.CauseSchemeUnsupported, Want: "Bearer"}
	}
	token := strings.TrimLeft(rest, " ")
	if body := strings.TrimRight(token, "="); body == "" || strings.ContainsFunc(body, notToken) {
		return "", &audience.Refusal{Cause: audience.CauseCredentialsMalformed, Want: "Bearer, a space, and a token of the alphabet of RFC 6750"}
	}
	return token, nil
}

// notToken reports whether c cannot stand in a b64token before its padding.
func notToken(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-._~+/", c)
}
