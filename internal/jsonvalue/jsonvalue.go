// Package jsonvalue reads values in the JSON texts of OAuth and OpenID. The texts are
// decoded with numbers as [json.Number].
package jsonvalue

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"time"
)

// Date reads a NumericDate (RFC 7519, section 2): a number of seconds since 1970,
// with or without a fraction, more than zero and less than 2^53, so that it is
// exact in a float64. It reports false for every other value, also for a number
// in a string.
func Date(v any) (time.Time, bool) {
	number, _ := v.(json.Number)
	seconds, err := number.Float64()
	if err != nil || !(seconds > 0 && seconds < 1<<53) {
		return time.Time{}, false
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*float64(time.Second))), true
}

// Strings reads an array of strings. It returns false if one of them is empty.
func Strings(v any) ([]string, bool) {
	list, ok := v.([]any)
	out := make([]string, len(list))
	for i, v := range list {
		if out[i], _ = v.(string); out[i] == "" {
			return nil, false
		}
	}
	return out, ok
}

// Clone returns a deep copy of a value.
func Clone(v any) any {
	switch v := v.(type) {
	case []any:
		v = slices.Clone(v)
		for i := range v {
			v[i] = Clone(v[i])
		}
		return v
	case map[string]any:
		v = maps.Clone(v)
		for name := range v {
			v[name] = Clone(v[name])
		}
		return v
	default:
		return v
	}
}
