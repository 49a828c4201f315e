package remedy

import "errors"

// Error is an error with the remedy for it.
type Error struct {
	Err    error
	Remedy string
}

// With returns err with a remedy; err itself if there is none.
func With(err error, remedy string) error {
	if err == nil || remedy == "" {
		return err
	}
	return &Error{err, remedy}
}

// Error returns the text of the error and the remedy.
func (e *Error) Error() string { return e.Err.Error() + "; " + e.Remedy }

// Unwrap returns the error without the remedy.
func (e *Error) Unwrap() error { return e.Err }

// Split returns the remedy of err, empty if it has none, and err without it.
func Split(err error) (remedy string, cause error) {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Remedy, e.Err
	}
	return "", err
}
