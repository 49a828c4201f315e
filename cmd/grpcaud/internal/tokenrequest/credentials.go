package tokenrequest

import (
	"errors"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// CheckCredentials checks that the files with a client's credentials can be opened.
func CheckCredentials(c access.Client) error {
	files := []string{c.Secret.File, c.PrivateKey.File, c.Assertion, c.Certificate.File, c.Certificate.KeyFile}
	var errs []error
	for _, path := range slices.Sorted(slices.Values(slices.AppendSeq(files, maps.Values(c.TokenFiles)))) {
		if path == "" {
			continue
		}
		file, _, err := regularfile.Open(path)
		if err == nil {
			file.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
