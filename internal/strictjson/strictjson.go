// Package strictjson reads the JSON of tokens so that checks can rely on it: every name
// has exactly one value. encoding/json ignores the case of the names of struct fields,
// and keeps the last of several values. With it,
// {"aud":"theirs","Aud":"ours"} would be a token for us.
package strictjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deep objects and arrays may nest.
const MaxDepth = 32

// Object decodes a JSON object. Its values have the types of [json.Unmarshal], with
// numbers as [json.Number]. It refuses invalid UTF-8, lone surrogates, a byte order
// mark, duplicate names at any level, nesting beyond [MaxDepth], and anything after
// the object (RFC 8259; RFC 7519, section 4, allows to refuse duplicates). Of data,
// its errors have at most a duplicate name.
//
// The strings share one copy of data, or data itself if it is a string. So one of them
// keeps all in memory.
func Object[Data []byte | string](data Data) (map[string]any, error) {
	p := parser{text: string(data)}
	if !utf8.ValidString(p.text) {
		return nil, errors.New("invalid UTF-8")
	}
	if p.next() != '{' {
		return nil, p.wanted("a JSON object")
	}
	members, err := p.object(1)
	if err != nil {
		return nil, err
	}
	if p.next(); p.at < len(p.text) {
		return nil, p.wanted("nothing after the object")
	}
	return members, nil
}

// parser reads a JSON text once, from left to right. Each method starts at the first
// byte of the element after which it is named, and stops at the byte after its end.
type parser struct {
	text string // valid UTF-8
	at   int    // the next byte to read
}

func (p *parser) wanted(what string) error {
	return fmt.Errorf("byte %d of the JSON text: want %s", p.at, what)
}

// next skips white space and returns the byte that follows; 0 at the end. No JSON text
// has a byte 0 there.
func (p *parser) next() byte {
	for ; p.at < len(p.text); p.at++ {
		if c := p.text[p.at]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
	}
	return 0
}

// accept reads one byte if it is among these.
func (p *parser) accept(those string) bool {
	if p.at < len(p.text) && strings.IndexByte(those, p.text[p.at]) >= 0 {
		p.at++
		return true
	}
	return false
}

// value reads any value. depth is the level of the value if it is an object or an
// array.
func (p *parser) value(depth int) (any, error) {
	switch p.next() {
	case '{':
		return p.object(depth)
	case '[':
		return p.array(depth)
	case '"':
		return p.string()
	case 't':
		return true, p.literal("true")
	case 'f':
		return false, p.literal("false")
	case 'n':
		return nil, p.literal("null")
	}
	return p.number()
}

func (p *parser) object(depth int) (map[string]any, error) {
	var members map[string]any
	if depth == 1 {
		const usual = 32 // bytes of an average member, so that the map rarely grows
		members = make(map[string]any, min(len(p.text)/usual, 64))
	} else {
		members = map[string]any{}
	}
	for {
		if more, err := p.more(depth, len(members) == 0, "}"); err != nil || !more {
			return members, err
		}
		if p.next() != '"' {
			return nil, p.wanted("a name")
		}
		name, err := p.string()
		if err != nil {
			return nil, err
		}
		if p.next(); !p.accept(":") {
			return nil, p.wanted("a colon")
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		before := len(members)
		if members[name] = v; len(members) == before {
			return nil, fmt.Errorf("duplicate name %.64q", name)
		}
	}
}

func (p *parser) array(depth int) ([]any, error) {
	list := make([]any, 0, 4)
	for {
		if more, err := p.more(depth, len(list) == 0, "]"); err != nil || !more {
			return list, err
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}

// more reads what is before each element of an object or array, and after the last
// one: the opening bracket before the first element, a comma before each further one,
// and closing at the end. It returns false at the end.
func (p *parser) more(depth int, first bool, closing string) (bool, error) {
	if depth > MaxDepth {
		return false, fmt.Errorf("nested more than %d deep", MaxDepth)
	}
	if first {
		p.at++
	}
	if p.next(); p.accept(closing) {
		return false, nil
	}
	if !first && !p.accept(",") {
		return false, p.wanted("a comma or the end of the list")
	}
	return true, nil
}

func (p *parser) literal(word string) error {
	if !strings.HasPrefix(p.text[p.at:], word) {
		return p.wanted(word)
	}
	p.at += len(word)
	return nil
}

// number reads a number. Its meaning is left to the caller.
func (p *parser) number() (json.Number, error) {
	start := p.at
	p.accept("-")
	good := p.accept("0") || p.digits()
	if good && p.accept(".") {
		good = p.digits()
	}
	if good && p.accept("eE") {
		p.accept("+-")
		good = p.digits()
	}
	if !good {
		return "", p.wanted("a value")
	}
	return json.Number(p.text[start:p.at]), nil
}

// digits reads digits and reports whether there was at least one.
func (p *parser) digits() bool {
	start := p.at
	for p.accept("0123456789") {
	}
	return p.at > start
}

// string reads a string. A string without escapes, as nearly all are, is a part of the
// text.
func (p *parser) string() (string, error) {
	p.at++
	var before []byte // what was read up to start, if that had an escape
	for start := p.at; p.at < len(p.text); {
		switch c := p.text[p.at]; {
		case c < ' ':
			return "", p.wanted("no control character")
		case c == '"':
			rest := p.text[start:p.at]
			p.at++
			if before == nil {
				return rest, nil
			}
			return string(append(before, rest...)), nil
		case c == '\\':
			before = append(before, p.text[start:p.at]...)
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			before, start = utf8.AppendRune(before, r), p.at
		default:
			p.at++
		}
	}
	return "", p.wanted("the end of the string")
}

// escape reads one escape, or two that are a surrogate pair. encoding/json replaces
// half a pair, and so could make one name of two different ones.
func (p *parser) escape() (rune, error) {
	if p.at++; p.accept("u") {
		r, err := p.unit()
		if err != nil || !utf16.IsSurrogate(r) {
			return r, err
		}
		if strings.HasPrefix(p.text[p.at:], `\u`) {
			p.at += 2
			low, err := p.unit()
			if r = utf16.DecodeRune(r, low); err == nil && r != utf8.RuneError {
				return r, nil
			}
		}
		return 0, p.wanted("both halves of a surrogate pair")
	}
	const names, runes = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if !p.accept(names) {
		return 0, p.wanted("an escape")
	}
	return rune(runes[strings.IndexByte(names, p.text[p.at-1])]), nil
}

// unit reads a UTF-16 code unit of four digits.
func (p *parser) unit() (rune, error) {
	unit, err := strconv.ParseUint(p.text[p.at:min(p.at+4, len(p.text))], 16, 16)
	if err != nil || p.at+4 > len(p.text) {
		return 0, p.wanted("four hexadecimal digits")
	}
	p.at += 4
	return rune(unit), nil
}
