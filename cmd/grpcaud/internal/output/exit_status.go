package output

import "fmt"

// ExitStatus is the error of a command that has said all there is to say: the status
// that the process ends with.
type ExitStatus int

const (
	No      ExitStatus = 1 // the answer is no
	Unknown ExitStatus = 2 // there is no answer
)

// Error implements error.
func (e ExitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }
