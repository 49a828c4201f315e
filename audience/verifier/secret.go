package verifier

import (
	"fmt"
	"os"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// maxSecret is the size of the largest file with a secret, in bytes.
const maxSecret = 64 << 10

// reveal reads a secret from where it is kept, anew each time, so that it can
// be rotated under a running process. The line break that editors leave at the
// end of a file is not part of it.
func reveal(s access.SecretRef) (string, error) {
	text, from := os.Getenv(s.Env), "environment variable "+s.Env
	if s.File != "" {
		data, err := regularfile.Read(s.File, maxSecret)
		if err != nil {
			return "", fmt.Errorf("client secret: %w", err)
		}
		text, from = strings.TrimRight(string(data), "\r\n"), "file "+s.File
	}
	if text == "" {
		return "", fmt.Errorf("client secret: %s is empty", from)
	}
	return text, nil
}
