package policyfile

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience"
)

// maxSize is the size of the largest file that is read, in bytes.
const maxSize = 16 << 20

// Load reads the access matrix at path. A relative path of a secret starts from
// the file's folder. The error joins one [Error] for each finding, 20 of them at
// the most; if the file cannot be read it wraps that of package os.
func Load(path string) (*audience.Policy, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("policyfile: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("policyfile: %w", err)
	}
	r := &reader{file: path, dir: filepath.Dir(path)}
	policy, _, err := r.policy(data)
	return policy, err
}

// Parse is [Load] for a file that is in memory already: name stands for it in
// messages, and relative paths of secrets stay as they are.
func Parse(name string, data []byte) (*audience.Policy, error) {
	policy, _, err := (&reader{file: name}).policy(data)
	return policy, err
}

// Lint returns what [audience.Policy.Warnings] says of the file, each with its
// place, in the order of their lines. The error is that of [Parse].
func Lint(name string, data []byte) ([]*Error, error) {
	r := &reader{file: name}
	policy, root, err := r.policy(data)
	if err != nil {
		return nil, err
	}
	for _, warning := range policy.Warnings() {
		r.problem(root, warning)
	}
	return inOrder(r.findings), nil
}

// policy reads the form of the file first. What it means is judged only if the
// form is right: a misspelled key would make mistakes of whatever refers to it.
func (r *reader) policy(data []byte) (*audience.Policy, *yaml.Node, error) {
	root := r.document(data)
	if root == nil {
		return nil, nil, join(r.findings)
	}
	m := r.matrix(root)
	if err := join(r.findings); err != nil {
		return nil, nil, err
	}
	policy, err := audience.New(m)
	if err != nil {
		r.problem(root, err)
		return nil, nil, join(r.findings)
	}
	return policy, root, nil
}

// problem turns each [audience.Problem] that err joins into a finding.
func (r *reader) problem(root *yaml.Node, err error) {
	switch e := err.(type) {
	case *audience.Problem:
		r.finding(locate(root, e.Path), "%s", e.Text)
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			r.problem(root, err)
		}
	default:
		r.finding(root, "%v", err)
	}
}
