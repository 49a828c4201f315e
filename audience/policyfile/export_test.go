package policyfile

import "github.com/grpcaud/grpcaud/audience"

// Decode returns what the file says before it is judged.
func Decode(name, dir string, data []byte) (audience.Matrix, error) {
	r := &reader{file: name, dir: dir}
	m := r.matrix(r.document(data))
	return m, joined(inOrder(r.findings))
}
