package policyfile_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/internal/schematest"
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
				if fault := schematest.Fault(property, example); fault != "" {
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
	return schematest.Fault(s, v)
}
