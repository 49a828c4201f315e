package tokensource

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/oauth2/clientcredentials"
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
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // to open a pipe could take for ever
		return "", fmt.Errorf("%w: %s: %s is not a regular file", ErrUnavailable, what, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("%w: %s: %w", ErrUnavailable, what, err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	text := strings.TrimRight(string(content), "\r\n")
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %s: %w", ErrUnavailable, what, err)
	case len(content) > most:
		return "", fmt.Errorf("%w: %s: %s has more than 64 KiB", ErrUnavailable, what, path)
	case text == "":
		return "", fmt.Errorf("%w: %s: %s is empty", ErrUnavailable, what, path)
	}
	return text, nil
}
