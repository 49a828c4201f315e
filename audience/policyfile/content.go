package policyfile

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// maxSize is the size of the largest file that is read, in bytes. A matrix of a
// thousand services has a few MiB; a larger company has one file for each team.
const maxSize = 8 << 20

// content is the content of a file, or the error of reading it.
type content struct {
	path string
	data []byte
	err  error
}

// open reads the file at path.
func open(path string) content {
	data, err := regularfile.Read(path, maxSize)
	return content{path, data, err}
}

// tooLarge reports whether the file is larger than maxSize.
func (c content) tooLarge() bool { return errors.Is(c.err, regularfile.ErrTooLarge) }

// glob returns the files that match pattern in the folder of main, sorted, without
// hidden files and without main itself. The pattern has passed [isPattern].
func glob(main, pattern string) []string {
	folder := filepath.Dir(main)
	names, _ := fs.Glob(os.DirFS(folder), pattern)
	names = slices.DeleteFunc(names, func(name string) bool {
		return name == filepath.Base(main) || strings.Contains("/"+name, "/.")
	})
	for i, name := range names {
		names[i] = filepath.Join(folder, filepath.FromSlash(name))
	}
	return names
}

// included returns the files that match the patterns, sorted and without duplicates.
func included(main string, patterns []string) []string {
	var all []string
	for _, pattern := range patterns {
		all = append(all, glob(main, pattern)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// isPattern reports whether a pattern is valid and matches only files below the folder
// where it starts.
func isPattern(pattern string) bool {
	_, err := path.Match(pattern, "")
	return err == nil && fs.ValidPath(pattern)
}

// digest returns the SHA-256 of the contents, in hex. It does not depend on the folder that
// the files are in, nor on the name of the first, so that a file and a copy of it elsewhere
// have the same.
func digest(contents []content) string {
	h := sha256.New()
	text := func(s []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write(s)
	}
	for i, c := range contents {
		text([]byte(relative(contents[0].path, c.path, i == 0)))
		text(c.data)
		text(fmt.Append(nil, c.err))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// relative returns the path of a file from the folder of the first; empty for the first.
func relative(first, path string, isFirst bool) string {
	if isFirst {
		return ""
	}
	if short, err := filepath.Rel(filepath.Dir(first), path); err == nil {
		return filepath.ToSlash(short)
	}
	return path
}

// digestNow reads the file at path and those that match patterns, and returns their
// digest.
func digestNow(path string, patterns []string) string {
	contents := []content{open(path)}
	for _, path := range included(path, patterns) {
		contents = append(contents, open(path))
	}
	return digest(contents)
}
