package policyfile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
)

// An error lists at most mostFindings findings, so that one mistake does not fill a log.
// After maxFindings, a file is not read further.
const (
	mostFindings = 20
	maxFindings  = 1000
)

// Error is one finding in a file. The errors of [Load] and [Parse] join several,
// sorted by file, then by line.
type Error struct {
	// File is the name under which the file was read. For an option of a .proto
	// file it is the place of the option, and Line is 0.
	File string

	// Line and Column count from 1. They are 0 if they are not known.
	Line, Column int

	// Text says what was expected and what was found.
	Text string

	// Severity says how serious the finding is; the zero value is a mistake.
	Severity access.Severity
}

// Error returns "file:line:column: text", without a line or column that is 0.
func (e *Error) Error() string { return e.place() + ": " + e.Text }

func (e *Error) place() string {
	place := e.File
	for _, n := range []int{e.Line, e.Column} {
		if n > 0 {
			place = fmt.Sprintf("%s:%d", place, n)
		}
	}
	return place
}

// inOrder sorts findings by file and line.
func inOrder(findings []*Error) []*Error {
	return slices.SortedStableFunc(slices.Values(findings), func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// joined returns one error for all findings; nil if there are none.
func joined(findings []*Error) error {
	var errs []error
	for i, f := range findings {
		if i == mostFindings {
			errs = append(errs, fmt.Errorf("%s: … and %s%d more", f.File, atLeast(len(findings)), len(findings)-i))
			break
		}
		errs = append(errs, f)
	}
	return errors.Join(errs...)
}

func atLeast(findings int) string {
	if findings < maxFindings {
		return ""
	}
	return "at least "
}
