package output

import (
	"errors"
	"io"
)

// Answer is what came of a question, to be told. As an error, it is the answer no,
// or none.
type Answer interface {
	Write(p *Page, format string)
	Exit() error
}

// WriteAnswer writes what came of a question. What is no answer is the error.
func WriteAnswer(out io.Writer, format string, told Answer, err error) error {
	if err != nil && !errors.As(err, &told) || told == nil {
		return err
	}
	if err := Write(out, func(p *Page) { told.Write(p, format) }); err != nil {
		return err
	}
	return told.Exit()
}
