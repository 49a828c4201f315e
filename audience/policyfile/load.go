package policyfile

import (
	"github.com/grpcaud/grpcaud/audience"
)

// Load reads the access matrix at path, with the files that it includes, and
// merges it with the options of .proto files, if there are any. A relative path
// of a secret starts from the folder of the file that it stands in.
//
// The error joins one [Error] for each finding, 20 of them at the most; if the
// file cannot be read it wraps that of package os, or says that a pipe, a device
// or a folder stands there: Load waits for nobody.
func Load(path string, options ...audience.MethodOptions) (*audience.Policy, error) {
	return read(path).policy(options)
}

// Parse is [Load] for a file that is in memory already: name stands for it in
// messages, it includes no others, and relative paths of secrets stay as they
// are.
func Parse(name string, data []byte, options ...audience.MethodOptions) (*audience.Policy, error) {
	return parse(name, data).policy(options)
}

// Lint returns what [audience.Policy.Warnings] says of the file at path, each
// with its place, file by file in the order of their lines. The error is that
// of [Load].
func Lint(path string, options ...audience.MethodOptions) ([]*Error, error) {
	f := read(path)
	policy, err := f.policy(options)
	if err != nil {
		return nil, err
	}
	for _, warning := range policy.Warnings() {
		f.problem(warning)
	}
	return f.findings(), nil
}
