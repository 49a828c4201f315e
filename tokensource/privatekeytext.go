package tokensource

import (
	"errors"

	"github.com/go-jose/go-jose/v4"
)

// PrivateKeyText is [PrivateKeyFile] with the text of the file at hand, such as
// from an environment variable. [New] refuses one that holds no key.
func PrivateKeyText(id, text string, opts ...KeyOption) ClientAuth {
	o := newKeyOptions(opts)
	var signer jose.Signer
	err := errors.New("private key: got a text that holds none, want PEM (PKCS #8, PKCS #1, SEC 1) or a JWK, not encrypted")
	if key, ok := parseKey([]byte(text), &o); ok {
		signer, err = newSigner(key, o)
	}
	return &privateKey{id: id, signer: func() (jose.Signer, error) { return signer, err }}
}
