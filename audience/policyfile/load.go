package policyfile

import (
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
)

// Load reads the access matrix at path, with the files that it includes, and
// merges it with the options of .proto files, if there are any. A relative path
// of a secret starts from the folder of the file that contains it.
//
// The error joins one [Error] for each finding, at most 20 of them. If the file
// cannot be read, it wraps the error of package os, or says that the path is a
// pipe, a device or a folder: Load never waits for a pipe.
func Load(path string, options ...access.MethodOptions) (*access.Policy, error) {
	return read(path).policy(options)
}

// LoadEdited is [Load] as if the files at some paths, as [Files] returns them, had these
// contents. It tries an edit before it is written.
func LoadEdited(path string, edited map[string][]byte, options ...access.MethodOptions) (*access.Policy, error) {
	return readWith(path, edited).policy(options)
}

// Parse is [Load] for a file that is already in memory. Messages call it name. Parse
// reads no included files, and does not change relative paths of secrets.
func Parse(name string, data []byte, options ...access.MethodOptions) (*access.Policy, error) {
	return parse(name, data).policy(options)
}

// Files returns the paths of the file at path and of the files that it includes, in the
// order in which [Load] reads them. It reports no mistakes: those are for Load.
func Files(path string) []string {
	var paths []string
	for _, c := range read(path).contents {
		paths = append(paths, c.path)
	}
	return paths
}

// Lint returns the [access.Policy.Warnings] about the file at path, and what is
// [access.Policy.Overdue], each with its file and line. They are sorted by file, then by line. The error is the same as
// the error of [Load].
func Lint(path string, options ...access.MethodOptions) ([]*Error, error) {
	f := read(path)
	policy, err := f.policy(options)
	if err != nil {
		return nil, err
	}
	for _, warning := range slices.Concat(policy.Warnings(), policy.Overdue(time.Now())) {
		f.problem(warning)
	}
	return f.findings(), nil
}
