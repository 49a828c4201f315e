package output

import (
	"errors"
	"io"
)

// Answer is the answer of a command. If a function returns it as an error, the answer
// is no, or unknown.
type Answer interface {
	// Write writes the answer in a format of the command.
	Write(p *Page, format string)

	// Exit returns the [ExitStatus] that goes with it; nil for 0.
	Exit() error
}

// WriteAnswer writes an answer, also one that is an error, and returns its exit status.
// Any other error is returned.
func WriteAnswer(out io.Writer, format string, answer Answer, err error) error {
	if err != nil && !errors.As(err, &answer) || answer == nil {
		return err
	}
	if err := Write(out, func(p *Page) { answer.Write(p, format) }); err != nil {
		return err
	}
	return answer.Exit()
}
