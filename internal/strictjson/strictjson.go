// Package strictjson reads the JSON of tokens the way a check can rely on:
// every name means exactly one value. encoding/json matches names of struct
// fields without regard to case and keeps the last of several, which lets
// {"aud":"theirs","Aud":"ours"} pass for a token of ours.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// MaxDepth is how deep objects and arrays may nest.
const MaxDepth = 32

// Object decodes a JSON object. Its values are of the types that
// [json.Unmarshal] yields, numbers as [json.Number]. It refuses invalid UTF-8,
// lone surrogates, a byte order mark, duplicate names at any level, nesting
// beyond [MaxDepth], and anything after the object (RFC 8259; RFC 7519,
// section 4, leaves the choice to refuse duplicates).
func Object(data []byte) (map[string]any, error) {
	switch {
	case !utf8.Valid(data):
		return nil, errors.New("invalid UTF-8")
	case !json.Valid(data):
		return nil, errors.New("not a JSON text")
	case loneSurrogate(data):
		return nil, errors.New("lone surrogate in a string")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := value(dec, 1)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("not a JSON object")
	}
	return object, nil
}

// value reads the next value; an object or array in it stands at depth.
func value(dec *json.Decoder, depth int) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := token.(json.Delim)
	switch {
	case !ok:
		return token, nil
	case depth > MaxDepth:
		return nil, fmt.Errorf("nested more than %d deep", MaxDepth)
	case delim == '[':
		return array(dec, depth)
	default:
		return object(dec, depth)
	}
}

func array(dec *json.Decoder, depth int) (any, error) {
	list := []any{}
	for dec.More() {
		v, err := value(dec, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.Token() // the closing bracket
	return list, err
}

func object(dec *json.Decoder, depth int) (any, error) {
	members := map[string]any{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		if _, twice := members[name.(string)]; twice {
			return nil, fmt.Errorf("duplicate name %.64q", name)
		}
		if members[name.(string)], err = value(dec, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := dec.Token() // the closing brace
	return members, err
}

// loneSurrogate reports whether a \u escape of data, a valid JSON text, names
// half of a surrogate pair without its other half. encoding/json replaces such
// halves, so that two different names could become one.
func loneSurrogate(data []byte) bool {
	for {
		at := bytes.IndexByte(data, '\\')
		if at < 0 {
			return false
		}
		data = data[at:]
		unit := escaped(data)
		switch {
		case unit < 0:
			data = data[2:] // a two-byte escape
		case unit < 0xD800 || unit > 0xDFFF:
			data = data[6:]
		case unit > 0xDBFF:
			return true
		default:
			if low := escaped(data[6:]); low < 0xDC00 || low > 0xDFFF {
				return true
			}
			data = data[12:]
		}
	}
}

// escaped returns the code unit of the \uXXXX escape that data begins with,
// or -1.
func escaped(data []byte) int {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return int(unit)
}
