// Package secretfile reads the files in which secrets, keys and tokens are mounted.
package secretfile

import (
	"fmt"
	"strings"

	"github.com/grpcaud/grpcaud/internal/regularfile"
)

const maxSize = 64 << 10 // bytes

// Read returns the text of the file at path without the line breaks at its end. The
// file must be a regular one ([regularfile.Read]), not empty, and of at most 64 KiB.
// An error names the path and nothing of the content.
func Read(path string) (string, error) {
	content, err := regularfile.Read(path, maxSize)
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(string(content), "\r\n")
	if text == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return text, nil
}
