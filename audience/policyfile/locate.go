package policyfile

import (
	"github.com/grpcaud/grpcaud/audience/access"
)

// Locate returns problems that were found in the policy of the file at path, merged
// with the options, each with its file and line. They are sorted as by [Lint], at
// most 1000 for each file. The error is the same as the error of [Load]; what is
// returned with it are the warnings about a file that has mistakes too.
func Locate(path string, problems []*access.Problem, options ...access.MethodOptions) ([]*Error, error) {
	return locateIn(read(path), problems, options)
}

// LocateParsed is [Locate] for a file in memory, which is read as by [Parse].
func LocateParsed(name string, data []byte, problems []*access.Problem, options ...access.MethodOptions) ([]*Error, error) {
	return locateIn(parse(name, data), problems, options)
}

func locateIn(f *files, problems []*access.Problem, options []access.MethodOptions) ([]*Error, error) {
	if _, err := f.policy(options); err != nil {
		var warnings []*Error
		for _, p := range f.warnings {
			e, _ := f.placed(p)
			warnings = append(warnings, e)
		}
		return inOrder(warnings), err
	}
	for _, p := range problems {
		f.problem(p)
	}
	return f.findings(), nil
}
