package tokensource

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/internal/secretfile"
	"github.com/grpcaud/grpcaud/tokensource/internal/jwt"
)

// NewFile returns a cache of the token that another process keeps fresh in a file,
// such as a projected volume of Kubernetes or a SPIFFE helper. Symbolic links in path
// are resolved again for each read. The file holds only the token, with or without
// white space around it. NewFile does not read it yet, and fails if path is empty.
//
// While the token is in use, the file is read once a second in the background, so
// that a new token is used soon. If the file is missing, empty, cut short or has a
// token for another audience, the previous token stays in use until its end. A token
// counts as expired 30 s early (a quarter of its lifetime, from iat, if that is
// less). A token without exp (RFC 7519, section 4.1.4) ends five minutes after the
// last read.
//
// A file is for one audience: a request for another one is a [MismatchError] if the
// token is a JWT. The scopes of a request are ignored, and a request with a Subject
// is refused.
func NewFile(path string, opts ...Option) (*Cache, error) {
	if path == "" {
		return nil, errors.New("tokensource: empty path of the token file")
	}
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	return newCache(&file{path: path}, o, newBackground())
}

const fileInterval = time.Second // between two reads

// file fetches the content of a file.
type file struct {
	path string
	last atomic.Pointer[string] // its content at the last read
}

func (f *file) check(r Request) error { return r.checkOwn("a file") }

func (f *file) fetch(context.Context, Request) (fetchedToken, error) {
	token := fetchedToken{nextFetch: time.Now().Add(fileInterval)}
	text, err := secretfile.Read(f.path)
	if err != nil {
		return token, fmt.Errorf("%w: token: %w", ErrUnavailable, err)
	}
	token.text = strings.TrimSpace(text)
	claims, isJWT := jwt.Read(token.text)
	if f.cutShort(token.text, isJWT) {
		return token, fmt.Errorf("%w: the token in %s is cut short", ErrUnavailable, f.path)
	}
	f.last.Store(&token.text)
	token.issued = claims.IssuedAt
	return token, nil
}

func (f *file) close() {}

// cutShort reports whether text is the beginning of a JWT, or of the content at the
// last read.
func (f *file) cutShort(text string, isJWT bool) bool {
	last := f.last.Load()
	return last != nil && len(text) < len(*last) && strings.HasPrefix(*last, text) ||
		strings.HasPrefix(text, "eyJ") && (!isJWT || strings.HasSuffix(text, "."))
}
