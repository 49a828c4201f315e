package dev

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// mark begins the first line of each file that is written; the digest of the rest ends it.
const mark = "# Written by grpcaud dev from "

// edit follows the name of the matrix in that line.
const edit = ". Edit that one: this one is written again. sha256:"

// writeFile writes the matrix for programs, made of the matrix at source. A file that is
// there is replaced only if it is as it was written by this function.
func writeFile(path, source string, text []byte) error {
	digest := sha256.Sum256(text)
	whole := fmt.Appendf(nil, "%s%s%s%s\n%s", mark, output.Printable(filepath.Base(source)), edit, hex.EncodeToString(digest[:]), text)
	switch there, err := regularfile.Read(path, maxMatrix); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case bytes.Equal(there, whole):
		return nil
	case !untouched(there):
		return fmt.Errorf("%s was edited by hand, or is not from grpcaud dev, and is left as it is: move it away, or name another file with --out", path)
	}
	return replaceFile(path, whole)
}

// refuseWritten returns an error if the matrix at path was written by writeFile: its issuers
// are played already, or end with the process that wrote it.
func refuseWritten(path string) error {
	data, err := regularfile.Read(path, maxMatrix)
	if err != nil || !untouched(data) {
		return err
	}
	first, _, _ := bytes.Cut(data, []byte("\n"))
	source, _, _ := strings.Cut(strings.TrimPrefix(string(first), mark), edit)
	return fmt.Errorf("%s is what grpcaud dev writes for programs: name the matrix that it was made from, %s", path, source)
}

// untouched reports whether a file is as writeFile wrote it.
func untouched(data []byte) bool {
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	digest := sha256.Sum256(rest)
	return bytes.HasPrefix(first, []byte(mark)) && strings.HasSuffix(string(first), edit+hex.EncodeToString(digest[:]))
}

// replaceFile puts a whole file in the place of another, as those who follow it need.
func replaceFile(path string, data []byte) error {
	next, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = next.Write(data)
	err = errors.Join(err, next.Chmod(0o644), next.Close())
	if err == nil {
		err = os.Rename(next.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next.Name()))
	}
	return nil
}
