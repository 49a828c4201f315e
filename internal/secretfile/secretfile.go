// Package secretfile reads the files in which secrets, keys and tokens are mounted.
package secretfile

import (
	"fmt"
	"io"
	"os"
	"strings"
)

const maxSize = 64 << 10 // bytes

// Read returns the text of the file at path without the line breaks at its end. The
// file must be a regular one, not empty, and of at most 64 KiB. Read opens no pipe:
// that could wait for ever. An error names the path and nothing of the content.
func Read(path string) (string, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	text := strings.TrimRight(string(content), "\r\n")
	switch {
	case err != nil:
		return "", err
	case len(content) > maxSize:
		return "", fmt.Errorf("%s has more than 64 KiB", path)
	case text == "":
		return "", fmt.Errorf("%s is empty", path)
	}
	return text, nil
}
