package policyfile_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/policyfile"
)

var update = flag.Bool("update", false, "write access.schema.json")

// TestSchemaFile shows that the schema file for editors is the one that the reader
// describes.
func TestSchemaFile(t *testing.T) {
	const file = "access.schema.json"
	if *update {
		if err := os.WriteFile(file, policyfile.Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(policyfile.Schema()), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); go test -update writes it:\n%s", file, diff)
	}
	if !bytes.Equal(policyfile.Schema(), policyfile.Schema()) {
		t.Error("two schemas differ")
	}
}

// TestSchemaAccepts shows that the schema accepts every file that the reader accepts,
// and reports mistakes of form.
func TestSchemaAccepts(t *testing.T) {
	for name, text := range map[string]string{"example": example, "rare keys": rareKeys, "demands": demands, "head": head, "team": people} {
		if fault := faults(t, text); fault != "" {
			t.Errorf("%s: %s", name, fault)
		}
	}
	for _, row := range []struct{ text, want string }{
		{with("scopes: none", "scope: none"), "/services/orders/allow/0/scope: unknown"},
		{with("      methods: [Get]\n", ""), "/services/orders/allow/0/methods: missing"},
		{with("[portal]", "portal"), "/services/orders/allow/0/clients: none of several"},
		{with("[portal]", "[]"), "/services/orders/allow/0/clients: none of several"},
		{with("[Get]", "[7]"), "/services/orders/allow/0/methods/0: not of type string"},
		{with("version: 1", "version: one"), "/version: not of type integer"},
		{with("portal: {}", "portal: {secret: hunter2}"), "/clients/portal/secret: not of type object"},
		{with("{url", "{preset: keyclock, url"), "/issuers/corp/preset: none of several"},
		{with("{url", "{ask: {scopes: x}, url"), "/issuers/corp/ask: none of several"},
		{with("    grpc", "    rollout: [{mode: enforce, until: 2027-01-31}]\n    grpc"), "/services/orders/rollout/0/mode: not one of"},
		{with("    grpc", "    audience: ''\n    grpc"), "/services/orders/audience: none of several"},
	} {
		if got := faults(t, row.text); !strings.HasPrefix(got, row.want) {
			t.Errorf("%s\ngot %q, want %q", row.text, got, row.want)
		}
	}
}

// TestSchemaExplainsEveryKey shows that editors show a sentence for each key and,
// where it helps, a default and a valid example.
func TestSchemaExplainsEveryKey(t *testing.T) {
	var s map[string]any
	if err := json.Unmarshal(policyfile.Schema(), &s); err != nil {
		t.Fatal(err)
	}
	if id, _ := s["$id"].(string); !strings.HasPrefix(id, "https://") {
		t.Errorf("$id = %q, want a URL", id)
	}
	explained := 0
	var walk func(path string, s map[string]any)
	walk = func(path string, s map[string]any) {
		for name, property := range mapping(s["properties"]) {
			property, path := property.(map[string]any), path+"/"+name
			explained++
			if text, _ := property["description"].(string); !strings.Contains(text, ".") || len(text) < 20 {
				t.Errorf("%s: description %q, want a sentence", path, text)
			}
			examples, _ := property["examples"].([]any)
			for _, example := range examples {
				if number, ok := example.(float64); ok {
					example = int(number)
				}
				if fault := fault(t, path, property, example); fault != "" {
					t.Errorf("%s: the example is none: %s", path, fault)
				}
			}
			walk(path, property)
		}
		for _, below := range []string{"items", "additionalProperties"} {
			if part := mapping(s[below]); part != nil {
				walk(path+"/*", part)
			}
		}
		several, _ := s["anyOf"].([]any)
		for _, one := range several {
			walk(path, mapping(one))
		}
	}
	walk("", s)
	if explained < 70 {
		t.Errorf("%d keys, want all", explained)
	}
}

func mapping(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// faults returns the first fault that the schema finds in a text.
func faults(t *testing.T, text string) string {
	t.Helper()
	var s map[string]any
	if err := json.Unmarshal(policyfile.Schema(), &s); err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return fault(t, "", s, v)
}

// fault is as much of a validator as the schema needs; a keyword that it does
// not know fails the test.
func fault(t *testing.T, at string, s map[string]any, v any) string {
	t.Helper()
	object, _ := v.(map[string]any)
	list, _ := v.([]any)
	for _, keyword := range slices.Sorted(maps.Keys(s)) {
		var fault string
		switch want := s[keyword]; keyword {
		case "$schema", "$id", "title", "description", "examples":
		case "type":
			fault = unless(typeOf(v) == want, at, "not of type "+want.(string))
		case "const":
			fault = unless(v == want, at, "not the word")
		case "enum":
			fault = unless(slices.Contains(want.([]any), v), at, "not one of those")
		case "minItems", "minProperties":
			fault = unless(len(list)+len(object) > 0, at, "empty")
		case "minLength":
			fault = unless(v != "", at, "empty")
		case "items":
			fault = faultOfItems(t, at, want.(map[string]any), list)
		case "required":
			fault = faultOfRequired(at, want.([]any), object)
		case "additionalProperties":
			properties, _ := s["properties"].(map[string]any)
			fault = faultOfProperties(t, at, properties, want, object)
		case "anyOf":
			fit := func(one any) bool { return faultOf(t, at, one, v) == "" }
			fault = unless(slices.ContainsFunc(want.([]any), fit), at, "none of several")
		case "properties": // with additionalProperties
		default:
			t.Fatalf("%s: keyword %q", at, keyword)
		}
		if fault != "" {
			return fault
		}
	}
	return ""
}

func faultOf(t *testing.T, at string, s, v any) string {
	t.Helper()
	return fault(t, at, s.(map[string]any), v)
}

func unless(ok bool, at, fault string) string {
	if ok {
		return ""
	}
	return at + ": " + fault
}

func typeOf(v any) string {
	switch v.(type) {
	case string, time.Time:
		return "string"
	case int:
		return "integer"
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

func faultOfItems(t *testing.T, at string, s map[string]any, list []any) string {
	t.Helper()
	for i, item := range list {
		if fault := fault(t, fmt.Sprint(at, "/", i), s, item); fault != "" {
			return fault
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

// faultOfProperties goes by the property of each name, or by rest, which is a
// schema or false.
func faultOfProperties(t *testing.T, at string, properties map[string]any, rest any, object map[string]any) string {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(object)) {
		s, known := properties[name]
		if !known {
			s = rest
		}
		if s == false {
			return at + "/" + name + ": unknown"
		}
		if fault := faultOf(t, at+"/"+name, s, object[name]); fault != "" {
			return fault
		}
	}
	return ""
}
