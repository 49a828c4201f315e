package policyfile

import "github.com/grpcaud/grpcaud/audience"

// Locate returns what somebody found in the policy of the file at path, and of
// the options that it is merged with, as [Lint] returns warnings: each with its
// place, file by file in the order of their lines, 1000 for each file at the
// most. The error is that of [Load].
func Locate(path string, problems []*audience.Problem, options ...audience.MethodOptions) ([]*Error, error) {
	return locateIn(read(path), problems, options)
}

// LocateParsed is [Locate] for a file that is in memory, as [Parse] reads it.
func LocateParsed(name string, data []byte, problems []*audience.Problem, options ...audience.MethodOptions) ([]*Error, error) {
	return locateIn(parse(name, data), problems, options)
}

func locateIn(f *files, problems []*audience.Problem, options []audience.MethodOptions) ([]*Error, error) {
	if _, err := f.policy(options); err != nil {
		return nil, err
	}
	for _, p := range problems {
		f.problem(p)
	}
	return f.findings(), nil
}
