// Package clientauth answers one question: how does a client prove to an
// authorization server who it is?
//
// A client with a secret needs nothing of this package: see
// [tokensource.ClientCredentials] and [tokensource.ClientSecretFile]. Here are the
// ways without a shared secret: private keys, assertions of a party that the
// server trusts, and client certificates.
//
//	auth := clientauth.PrivateKeyFile("backoffice-portal", "/etc/backoffice/key.pem")
//	tokens, err := tokensource.New(issuer, auth)
//
// The values of this package are safe for concurrent use, may serve several caches
// of tokens, and cannot be printed. Files are read again for each request, so that a
// rotation needs no restart. A file that cannot be read is
// [tokensource.ErrUnavailable]; the error names the path and nothing of the content.
package clientauth

import "fmt"

// required refuses empty values; pairs are names and values in turn.
func required(pairs ...string) error {
	for ; len(pairs) > 0; pairs = pairs[2:] {
		if pairs[1] == "" {
			return fmt.Errorf("clientauth: empty %s", pairs[0])
		}
	}
	return nil
}
