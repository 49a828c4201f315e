package files

import (
	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
)

// maxMatrix is the size of the largest access matrix on standard input, in bytes.
const maxMatrix = 8 << 20

// MatrixFile is an access matrix at a path, or on standard input.
type MatrixFile struct {
	path string
	data []byte // what standard input held; nil for a path
}

// OpenMatrix returns the file at path. Standard input is read at once.
func OpenMatrix(cmd *cobra.Command, path string) (MatrixFile, error) {
	if path != Dash {
		return MatrixFile{path: path}, nil
	}
	data, err := readStandardInput(cmd, "access matrix", maxMatrix)
	return MatrixFile{path: "standard input", data: append([]byte{}, data...)}, err
}

// Policy returns the policy of the file.
func (m MatrixFile) Policy(options ...access.MethodOptions) (*access.Policy, error) {
	if m.data != nil {
		return policyfile.Parse(m.path, m.data, options...)
	}
	policy, err := policyfile.Load(m.path, options...)
	return policy, pipeHint(err)
}

// Locate adds the place in the file to each problem.
func (m MatrixFile) Locate(problems []*access.Problem, options ...access.MethodOptions) ([]*policyfile.Error, error) {
	if m.data != nil {
		return policyfile.LocateParsed(m.path, m.data, problems, options...)
	}
	return policyfile.Locate(m.path, problems, options...)
}

// LoadMatrix reads the access matrix at path.
func LoadMatrix(cmd *cobra.Command, path string, options ...access.MethodOptions) (*access.Policy, error) {
	m, err := OpenMatrix(cmd, path)
	if err != nil {
		return nil, err
	}
	return m.Policy(options...)
}

// Load reads the access matrix at path, with the options in a set of descriptors,
// if there is one.
func Load(cmd *cobra.Command, path, descriptorSet string) (*access.Policy, descriptor.Set, error) {
	set, err := descriptor.Read(descriptorSet)
	if err != nil {
		return nil, set, err
	}
	policy, err := LoadMatrix(cmd, path, set.Options...)
	return policy, set, err
}
