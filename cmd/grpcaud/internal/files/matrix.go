package files

import (
	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
)

// maxMatrix is the size of the largest access matrix that is read from standard
// input, in bytes.
const maxMatrix = 8 << 20

// MatrixFile is an access matrix as a command names it.
type MatrixFile struct {
	path string
	data []byte // of standard input
}

// OpenMatrix returns the file at path. Standard input is read now.
func OpenMatrix(cmd *cobra.Command, path string) (MatrixFile, error) {
	if path != Dash {
		return MatrixFile{path: path}, nil
	}
	data, err := readStandardInput(cmd, "access matrix", maxMatrix)
	return MatrixFile{path: "standard input", data: append([]byte{}, data...)}, err
}

func (m MatrixFile) Policy(options ...access.MethodOptions) (*access.Policy, error) {
	if m.data != nil {
		return policyfile.Parse(m.path, m.data, options...)
	}
	policy, err := policyfile.Load(m.path, options...)
	return policy, pipeHint(err)
}

// Locate returns what was found in the file, each with its place.
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
