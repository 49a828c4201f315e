package output

import "fmt"

// ExitStatus is the status that the process ends with. As an error it says that the
// command has written everything.
type ExitStatus int

const (
	No      ExitStatus = 1 // the answer is no
	Unknown ExitStatus = 2 // there is no answer
)

// Error implements error.
func (e ExitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }
