package tokensource

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// NewFile returns a source of the token that something else keeps fresh in a file,
// such as a projected volume of Kubernetes or a SPIFFE helper. Path may lead over
// symbolic links, which are followed anew each time. The file holds the token and
// nothing else but white space around it. NewFile does not look at it yet, and fails
// if path is empty or an option says how an authorization server is asked.
//
// While the token is asked for, the file is looked at once a second, behind the back
// of the callers, so that a new token is used soon; a file that is missing, empty,
// cut short or for somebody else leaves the token before in use until its end. That
// counts as expired 30 s early (a quarter of its life, from iat, if that is less).
// Without exp (RFC 7519, section 4.1.4) its end is five minutes after the last look.
//
// A file is for one audience: a request for another is a [MismatchError] if the
// token is a JWT. The scopes of a request are not looked at, and one with a Subject
// is refused.
func NewFile(path string, opts ...Option) (*Cache, error) {
	if path == "" {
		return nil, errors.New("tokensource: empty path of the token file")
	}
	return start(&file{path: path}, opts)
}

// looked is how often a file is looked at.
const looked = time.Second

// file mints what is in a file.
type file struct {
	path string
	last atomic.Pointer[string] // what was in it
}

func (f *file) check(r Request) error { return r.checkOwn("a file") }

func (f *file) mint(context.Context, Request) (answer, error) {
	a := answer{again: time.Now().Add(looked)}
	text, err := readFile("token", f.path)
	if err != nil {
		return a, err
	}
	a.text = strings.TrimSpace(text)
	claims, isJWT := peek(a.text)
	if f.cutShort(a.text, isJWT) {
		return a, fmt.Errorf("%w: the token in %s is cut short", ErrUnavailable, f.path)
	}
	f.last.Store(&a.text)
	a.born = claims.issued
	return a, nil
}

func (f *file) close() {}

// cutShort reports whether text is the beginning of a JWT, or of what was in the
// file before.
func (f *file) cutShort(text string, isJWT bool) bool {
	last := f.last.Load()
	return last != nil && len(text) < len(*last) && strings.HasPrefix(*last, text) ||
		strings.HasPrefix(text, "eyJ") && (!isJWT || strings.HasSuffix(text, "."))
}

// checkOwn refuses what a place without an authorization server cannot serve.
func (r Request) checkOwn(place string) error {
	if err := r.check(r.SubjectIssuer); err != nil {
		return err
	}
	if !r.Subject.IsZero() {
		return fmt.Errorf("%w: %s exchanges no tokens", ErrRefused, place)
	}
	return nil
}
