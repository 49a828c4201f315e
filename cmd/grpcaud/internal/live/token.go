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

// foreignToken returns a token of that issuer, which a new key has signed. It says all
// else that the server wants to hear, lives for five minutes, and opens nothing anywhere.
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

// forgedToken returns a signed token with another signature, of random bytes: whoever
// gets it cannot make a good one of it. It is empty if the token has no signature.
func forgedToken(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	signature := make([]byte, base64.RawURLEncoding.DecodedLen(len(parts[2])))
	rand.Read(signature) // it never fails
	return parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(signature)
}
