package live

import (
	"crypto/rand"
	"encoding/base64"
	"strings"

	"github.com/grpcaud/grpcaud/testutil"
)

// foreignIssuer is an issuer that nobody has: .invalid is reserved (RFC 2606, section 2).
const foreignIssuer = "https://issuer.grpcaud.invalid"

// foreignToken returns a token of that issuer, signed by a new key. Its other claims are
// as the server demands them. It is valid for five minutes, and no server accepts it.
func foreignToken(audience, client, scope string) string {
	claims := testutil.Claims{"aud": audience, "sub": client, "azp": client, "client_id": client, "scope": scope, "typ": "Bearer"}
	return testutil.NewIssuer(foreignIssuer, testutil.Typ("JWT")).Mint(claims, testutil.Header("kid", nil))
}

// forgedToken returns a signed token in which random bytes replace the signature, so that
// nobody can restore the token. It is empty if the token has no signature.
func forgedToken(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	signature := make([]byte, base64.RawURLEncoding.DecodedLen(len(parts[2])))
	rand.Read(signature) // it never fails
	return parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(signature)
}
