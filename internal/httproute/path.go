package httproute

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// ErrAmbiguous means that two routers could read a request differently.
var ErrAmbiguous = errors.New("the path can be read in more than one way")

// CheckPath returns an error that wraps [ErrAmbiguous] if two routers could read a path
// differently. The path is escaped, as it was received, and without query.
//
// It must begin with a slash. It has no empty segment except the last, no segment of dots,
// no backslash, semicolon, control character or byte outside ASCII; and no escape that is
// invalid, that is itself escaped, or that stands for a slash, backslash, dot, semicolon or
// control character, or for bytes that are not UTF-8.
func CheckPath(path string) error {
	wrong := func(why string) error { return fmt.Errorf("%w: %s", ErrAmbiguous, why) }
	switch {
	case !strings.HasPrefix(path, "/"):
		return wrong("it does not begin with a slash")
	case strings.Contains(path, "//"):
		return wrong("it has an empty segment")
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		if segment == "." || segment == ".." {
			return wrong("it has a segment of dots")
		}
	}
	for _, c := range []byte(path) {
		if c >= utf8.RuneSelf || strings.IndexByte("?#", c) >= 0 || special(c) {
			return wrong("it has a character that must be escaped, or that may not occur")
		}
	}
	if why := escapes(path); why != "" {
		return wrong(why)
	}
	return nil
}

// escapes says what is wrong with the escapes of a path; empty if nothing is.
func escapes(path string) string {
	if !strings.Contains(path, "%") {
		return ""
	}
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return "it has an invalid escape"
	}
	if !utf8.ValidString(decoded) {
		return "it is not UTF-8"
	}
	for rest := path; ; {
		_, after, found := strings.Cut(rest, "%")
		if !found {
			break
		}
		if c := unhex(after[0])<<4 | unhex(after[1]); c == '/' || c == '.' || special(c) {
			return fmt.Sprintf("it has the escape %%%s", after[:2])
		}
		rest = after[2:]
	}
	if hasEscape(decoded) {
		return "it is escaped twice"
	}
	return ""
}

// hasEscape reports whether text has a percent sign and two hexadecimal digits.
func hasEscape(text string) bool {
	for {
		_, after, found := strings.Cut(text, "%")
		if !found {
			return false
		}
		if len(after) >= 2 && isHex(after[0]) && isHex(after[1]) {
			return true
		}
		text = after
	}
}

// special reports whether some routers give a character of a path a meaning of its own,
// or do not let it pass.
func special(c byte) bool { return c < ' ' || c == 0x7f || c == '\\' || c == ';' }

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// unhex returns the value of a hexadecimal digit.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
