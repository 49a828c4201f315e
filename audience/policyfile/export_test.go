package policyfile

import (
	"strings"

	"github.com/grpcaud/grpcaud/audience"
)

// Decode returns what the file says before it is judged.
func Decode(name, dir string, data []byte) (audience.Matrix, error) {
	r := &reader{file: name, dir: dir}
	m := r.matrix(r.document(data))
	return m, joined(inOrder(r.findings))
}

// Rights returns the rows of the table of what included files may say, as
// docs/files.md has them, and the keys that the rows are about.
func Rights() (rows, keys []string) {
	for _, right := range rights {
		text := right.text
		if right.no {
			text = "no: " + text
		}
		rows = append(rows, "| `"+strings.Join(right.keys, "`, `")+"` | "+text+" |")
		keys = append(keys, right.keys...)
	}
	return rows, keys
}
