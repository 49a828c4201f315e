package decision

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
)

// maxDepth is how deep the values of other programs may be nested.
const maxDepth = 64

// scanner reads the parts of one line of JSON.
type scanner struct {
	rest []byte // what is not read yet
}

// space skips white space.
func (s *scanner) space() {
	for len(s.rest) > 0 && (s.rest[0] == ' ' || s.rest[0] == '\t' || s.rest[0] == '\r' || s.rest[0] == '\n') {
		s.rest = s.rest[1:]
	}
}

// next reads c, if it comes next.
func (s *scanner) next(c byte) bool {
	s.space()
	if len(s.rest) == 0 || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// end reports whether nothing follows.
func (s *scanner) end() bool {
	s.space()
	return len(s.rest) == 0
}

// text reads a string. The result is a part of the line, if nothing in it is escaped.
func (s *scanner) text() ([]byte, bool) {
	s.space()
	if len(s.rest) == 0 || s.rest[0] != '"' {
		return nil, false
	}
	plain := true
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"' && plain:
			text := s.rest[1:i]
			s.rest = s.rest[i+1:]
			return text, true
		case c == '"':
			return s.escaped(i + 1)
		case c == '\\':
			plain = false
			i++
		case c < ' ':
			return nil, false
		case c >= 0x80:
			plain = false
		}
	}
	return nil, false
}

// escaped reads a string of this length, with its quotes.
func (s *scanner) escaped(length int) ([]byte, bool) {
	var text string
	if json.Unmarshal(s.rest[:length], &text) != nil {
		return nil, false
	}
	s.rest = s.rest[length:]
	return []byte(text), true
}

// word reads a number, true, false or null.
func (s *scanner) word() []byte {
	s.space()
	end := bytes.IndexFunc(s.rest, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '-' && c != '+' && c != '.' && c != 'E'
	})
	if end < 0 {
		end = len(s.rest)
	}
	word := s.rest[:end]
	s.rest = s.rest[end:]
	return word
}

// integer reads an integer.
func (s *scanner) integer(to *int64) bool {
	word := s.word()
	if !json.Valid(word) {
		return false
	}
	n, err := strconv.ParseInt(string(word), 10, 64)
	*to = n
	return err == nil
}

// natural reads an integer that is not negative.
func (s *scanner) natural(to *int) bool {
	var n int64
	ok := s.integer(&n)
	*to = int(n)
	return ok && n >= 0
}

// boolean reads true or false.
func (s *scanner) boolean(to *bool) bool {
	word := string(s.word())
	*to = word == "true"
	return *to || word == "false"
}

// date reads a time (RFC 3339).
func (s *scanner) date(to *time.Time) bool {
	text, ok := s.text()
	if !ok {
		return false
	}
	t, err := time.Parse(time.RFC3339, string(text))
	*to = t
	return err == nil
}

// fresh reads a text that rarely comes again.
func (s *scanner) fresh(to *string) bool {
	text, ok := s.text()
	*to = string(text)
	return ok
}

// skip skips a value.
func (s *scanner) skip(depth int) bool {
	s.space()
	if len(s.rest) == 0 || depth > maxDepth {
		return false
	}
	switch s.rest[0] {
	case '"':
		_, ok := s.text()
		return ok
	case '{':
		return s.members('}', func() bool {
			_, ok := s.text()
			return ok && s.next(':') && s.skip(depth+1)
		})
	case '[':
		return s.members(']', func() bool { return s.skip(depth + 1) })
	default:
		return json.Valid(s.word())
	}
}

// members reads an object or a list up to its end.
func (s *scanner) members(end byte, one func() bool) bool {
	s.rest = s.rest[1:]
	for first := true; !s.next(end); first = false {
		if !first && !s.next(',') || !one() {
			return false
		}
	}
	return true
}
