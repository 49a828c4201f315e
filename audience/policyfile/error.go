package policyfile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// A report lists mostFindings, so that one slip does not fill a log; after
// maxFindings no more are looked for.
const (
	mostFindings = 20
	maxFindings  = 1000
)

// Error is one finding in a file. The errors of [Load] and [Parse] join several,
// in the order of their lines.
type Error struct {
	// File is the name that the file was read by.
	File string

	// Line and Column count from 1. Column is 0 where only the line is known.
	Line, Column int

	// Text says what was expected and what was found.
	Text string
}

// Error returns "file:line:column: text", without a column that is 0.
func (e *Error) Error() string {
	if e.Column == 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Text)
}

// inOrder sorts findings by their places.
func inOrder(findings []*Error) []*Error {
	return slices.SortedStableFunc(slices.Values(findings), func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// join makes one error of the findings, in order; nil if there are none.
func join(findings []*Error) error {
	var errs []error
	for i, f := range inOrder(findings) {
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
