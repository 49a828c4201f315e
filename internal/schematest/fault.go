// Package schematest says where a value breaks a JSON Schema. It is for tests, and knows
// the keywords that the schemas of this module have.
package schematest

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Fault returns the first fault of v, with its path; empty if the schema accepts v. A
// keyword that is not known is a fault.
func Fault(schema map[string]any, v any) string { return fault("", schema, v) }

func fault(at string, s map[string]any, v any) string {
	object, _ := v.(map[string]any)
	list, _ := v.([]any)
	for _, keyword := range slices.Sorted(maps.Keys(s)) {
		var found string
		switch want := s[keyword]; keyword {
		case "$schema", "$id", "title", "description", "examples", "format":
		case "type":
			found = unless(typeOf(v) == want, at, fmt.Sprint("not of type ", want))
		case "const":
			found = unless(v == want, at, "not the word")
		case "enum":
			found = unless(slices.Contains(want.([]any), v), at, "not one of those")
		case "minItems", "minProperties":
			found = unless(len(list)+len(object) > 0, at, "empty")
		case "minLength":
			found = unless(v != "", at, "empty")
		case "minimum":
			found = unless(number(v) >= number(want), at, fmt.Sprint("less than ", want))
		case "items":
			found = faultOfItems(at, want.(map[string]any), list)
		case "required":
			found = faultOfRequired(at, want.([]any), object)
		case "additionalProperties":
			properties, _ := s["properties"].(map[string]any)
			found = faultOfProperties(at, properties, want, object)
		case "anyOf":
			fit := func(one any) bool { return fault(at, one.(map[string]any), v) == "" }
			found = unless(slices.ContainsFunc(want.([]any), fit), at, "none of several")
		case "properties": // with additionalProperties
		default:
			found = fmt.Sprintf("%s: keyword %q", at, keyword)
		}
		if found != "" {
			return found
		}
	}
	return ""
}

func unless(ok bool, at, fault string) string {
	if ok {
		return ""
	}
	return at + ": " + fault
}

func typeOf(v any) string {
	switch v := v.(type) {
	case string, time.Time:
		return "string"
	case int:
		return "integer"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	default:
		return "nothing"
	}
}

func number(v any) float64 {
	switch v := v.(type) {
	case int:
		return float64(v)
	case float64:
		return v
	default:
		return 0
	}
}

func faultOfItems(at string, s map[string]any, list []any) string {
	for i, item := range list {
		if found := fault(fmt.Sprint(at, "/", i), s, item); found != "" {
			return found
		}
	}
	return ""
}

func faultOfRequired(at string, names []any, object map[string]any) string {
	for _, name := range names {
		if _, ok := object[name.(string)]; !ok {
			return fmt.Sprintf("%s/%s: missing", at, name)
		}
	}
	return ""
}

// faultOfProperties goes by the property of each name, or by rest, which is a schema or a
// boolean.
func faultOfProperties(at string, properties map[string]any, rest any, object map[string]any) string {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		s, known := properties[name]
		if !known {
			s = rest
		}
		switch s {
		case false:
			return at + "/" + name + ": unknown"
		case true:
			continue
		}
		if found := fault(at+"/"+name, s.(map[string]any), object[name]); found != "" {
			return found
		}
	}
	return ""
}
