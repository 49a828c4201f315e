package decision_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/internal/schematest"
)

// strict returns the schema of a kind of line, without keys of other programs.
func strict(t *testing.T, kind int) map[string]any {
	t.Helper()
	var schema map[string]any
	if err := json.Unmarshal([]byte(decision.Schema()), &schema); err != nil {
		t.Fatal(err)
	}
	one := schema["anyOf"].([]any)[kind].(map[string]any)
	one["additionalProperties"] = false
	return one
}

// TestDecisionRecordKeepsToTheSchema shows that a line has the keys of the schema and no
// other, and that the schema says no more than what is written.
func TestDecisionRecordKeepsToTheSchema(t *testing.T) {
	schema := strict(t, 0)
	keys := map[string]bool{}
	for line := range strings.Lines(lines(t, full, least)) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		if fault := schematest.Fault(schema, v); fault != "" {
			t.Errorf("%s: %s", fault, line)
		}
		for key := range v {
			keys[key] = true
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(schema["properties"].(map[string]any))), slices.Sorted(maps.Keys(keys))); diff != "" {
		t.Errorf("keys of a full line (-schema +line):\n%s", diff)
	}
	for _, key := range schema["required"].([]any) {
		v := map[string]any{}
		if err := json.Unmarshal([]byte(lines(t, full)), &v); err != nil {
			t.Fatal(err)
		}
		delete(v, key.(string))
		if schematest.Fault(schema, v) == "" {
			t.Errorf("the schema accepts a line without %s", key)
		}
	}
}

func TestGapKeepsToTheSchema(t *testing.T) {
	text := gapText(t, time.Now())
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if fault := schematest.Fault(strict(t, 1), v); fault != "" || len(v) != 8 {
		t.Errorf("%s, %d keys: %s", fault, len(v), text)
	}
}
