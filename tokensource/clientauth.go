package tokensource

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/oauth2/clientcredentials"

	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// ClientAuth is how a client proves to the issuer who it is. It is sealed: values
// come from [ClientCredentials], [ClientSecretFile], [PrivateKeyJWT],
// [PrivateKeyText], [PrivateKeyFile], [ClientAssertionFile], [MutualTLS],
// [AssertionGrant] and [AssertionGrantFile]. They are safe for concurrent use, may
// serve several sources, and cannot be printed. What they read from files they read
// again for each request, so that a rotation needs no restart; a file that cannot be
// read is [ErrUnavailable], names the path and nothing of what is in it.
type ClientAuth interface {
	// check refuses what can never work. It reads no file.
	check() error
	// methods are the names under which an issuer may list this way of
	// authentication (RFC 8414, section 2), the preferred one first; none if
	// issuers do not list it.
	methods() []string
	// authenticate puts the proof into one request to issuer.
	authenticate(ctx context.Context, config *clientcredentials.Config, issuer string) error
}

// required refuses empty values; pairs are names and values in turn.
func required(pairs ...string) error {
	for ; len(pairs) > 0; pairs = pairs[2:] {
		if pairs[1] == "" {
			return fmt.Errorf("tokensource: empty %s", pairs[0])
		}
	}
	return nil
}

// readFile returns what is in a file, without the newlines at its end.
func readFile(what, path string) (string, error) {
	const most = 64 << 10
	content, err := regularfile.Read(path, most)
	if err != nil {
		return "", fmt.Errorf("%w: %s: %w", ErrUnavailable, what, err)
	}
	text := strings.TrimRight(string(content), "\r\n")
	if text == "" {
		return "", fmt.Errorf("%w: %s: %s is empty", ErrUnavailable, what, path)
	}
	return text, nil
}
