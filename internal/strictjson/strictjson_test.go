package strictjson_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/internal/strictjson"
)

func TestObject(t *testing.T) {
	const text = `{"aud":["a","b"],"exp":1.5e3,"act":{"sub":"x"},"ok":true,"none":null,"\u0061":"\ud83d\ude00","q":"\\ud800"}`
	want := map[string]any{
		"aud": []any{"a", "b"}, "exp": json.Number("1.5e3"), "act": map[string]any{"sub": "x"},
		"ok": true, "none": nil, "a": "😀", "q": `\ud800`,
	}
	got, err := strictjson.Object([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Object (-want +got):\n%s", diff)
	}
}

func TestObjectRefuses(t *testing.T) {
	deep := func(n int) string { return strings.Repeat(`{"a":`, n-1) + "{}" + strings.Repeat("}", n-1) }
	if _, err := strictjson.Object([]byte(deep(strictjson.MaxDepth))); err != nil {
		t.Errorf("depth %d: %v", strictjson.MaxDepth, err)
	}
	for name, text := range map[string]string{
		"empty":             ``,
		"null":              `null`,
		"array":             `[]`,
		"string":            `"x"`,
		"number":            `1`,
		"trailing object":   `{}{}`,
		"trailing comma":    `{"a":1,}`,
		"missing comma":     `{"a":1 "b":2}`,
		"byte order mark":   "\ufeff{}",
		"invalid UTF-8":     "{\"a\":\"\xff\"}",
		"duplicate":         `{"aud":"a","aud":"b"}`,
		"escaped duplicate": `{"aud":"a","\u0061ud":"b"}`,
		"nested duplicate":  `{"act":{"sub":"a","sub":"b"}}`,
		"in an array":       `{"a":[{"b":1,"b":2}]}`,
		"high surrogate":    `{"a":"\ud800"}`,
		"low surrogate":     `{"a":"\udc00"}`,
		"swapped pair":      `{"a":"\udc00\ud800"}`,
		"half at the end":   `{"a":"\ud83d\ud83d"}`,
		"too deep":          deep(strictjson.MaxDepth + 1),
		"9000 deep":         deep(9000),
		"100000 deep":       deep(100_000),
		"deep array":        `{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}",
	} {
		if got, err := strictjson.Object([]byte(text)); err == nil {
			t.Errorf("%s: Object(%.40q) = %v, want an error", name, text, got)
		}
	}
}

// FuzzObject holds that what strictjson reads, encoding/json reads alike, and
// that it reads its own writing back.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"aud":["a",null],"exp":1e300}`, `{"a":{"b":[1,{"c":"\u00e9"}]}}`, `{"a":1,"a":2}`, `{"a":"\ud83d\ude00"}`, `[`, `{"a":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := strictjson.Object(data)
		if err != nil {
			return
		}
		dec := json.NewDecoder(strings.NewReader(string(data)))
		dec.UseNumber()
		var want map[string]any
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("accepted %q, which encoding/json refuses: %v", data, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("Object(%q) differs from encoding/json (-want +got):\n%s", data, diff)
		}
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := strictjson.Object(text); err != nil {
			t.Fatalf("cannot read back %q: %v", text, err)
		}
	})
}
