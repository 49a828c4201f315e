package policyfile

import "github.com/grpcaud/grpcaud/audience"

// Locate returns what somebody found in the policy of the file at path, and of
// the options that it is merged with, as [Lint] returns warnings: each with its
// place, file by file in the order of their lines, 1000 for each file at the
// most. The error is that of [Load].
func Locate(path string, problems []*audience.Problem, options ...audience.MethodOptions) ([]*Error, error) {
	f := read(path)
	if _, err := f.policy(options); err != nil {
		return nil, err
	}
	for _, p := range problems {
		f.problem(p)
	}
	return f.findings(), nil
}
