package ordered_test

import (
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/ordered"
)

func TestValueOfAKey(t *testing.T) {
	for text, want := range map[string]string{"a: 1\nb: 2\n": "2", "a: b\n": "", "[b, c]": "", "b": ""} {
		var document yaml.Node
		if err := yaml.Unmarshal([]byte(text), &document); err != nil {
			t.Fatal(err)
		}
		got := ordered.Value(document.Content[0], "b")
		if want == "" && got != nil || want != "" && (got == nil || got.Value != want) {
			t.Errorf("%q: %v, want %q", text, got, want)
		}
	}
	if got := ordered.Value(nil, "b"); got != nil {
		t.Errorf("nothing: %v", got)
	}
}
