package live

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// foreignIssuer is an issuer that nobody has: .invalid is reserved (RFC 2606, section 2).
const foreignIssuer = "https://issuer.grpcaud.invalid"

// foreignToken returns a token of that issuer, signed by a new key. Its other claims are
// as the server demands them. It is valid for five minutes, and no server accepts it.
func foreignToken(audience, client, scope string) (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	now := time.Now()
	payload, err := json.Marshal(map[string]any{
		"iss": foreignIssuer, "aud": audience, "sub": client, "azp": client, "client_id": client, "scope": scope, "typ": "Bearer",
		"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "jti": rand.Text(),
	})
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
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
