package strictjson_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

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
		"empty":                ``,
		"null":                 `null`,
		"array":                `[]`,
		"string":               `"x"`,
		"number":               `1`,
		"trailing object":      `{}{}`,
		"trailing comma":       `{"a":1,}`,
		"missing comma":        `{"a":1 "b":2}`,
		"byte order mark":      "\ufeff{}",
		"invalid UTF-8":        "{\"a\":\"\xff\"}",
		"duplicate":            `{"aud":"a","aud":"b"}`,
		"escaped duplicate":    `{"aud":"a","\u0061ud":"b"}`,
		"nested duplicate":     `{"act":{"sub":"a","sub":"b"}}`,
		"in an array":          `{"a":[{"b":1,"b":2}]}`,
		"high surrogate":       `{"a":"\ud800"}`,
		"low surrogate":        `{"a":"\udc00"}`,
		"swapped pair":         `{"a":"\udc00\ud800"}`,
		"half at the end":      `{"a":"\ud83d\ud83d"}`,
		"text after":           `{} x`,
		"NUL after":            "{}\x00",
		"leading comma":        `{,}`,
		"no colon":             `{"a" 1}`,
		"name without quotes":  `{a:1}`,
		"control character":    "{\"a\":\"\n\"}",
		"control after escape": "{\"a\":\"\\n\n\"}",
		"open string":          `{"a`,
		"open escape":          `{"a\`,
		"unknown escape":       `{"a\x":1}`,
		"short unicode":        `{"\u00e":1}`,
		"signed unicode":       `{"\u+0e9":1}`,
		"leading zero":         `{"a":01}`,
		"plus":                 `{"a":+1}`,
		"bare minus":           `{"a":-}`,
		"bare point":           `{"a":.5}`,
		"point at the end":     `{"a":1.}`,
		"no exponent":          `{"a":1e}`,
		"literal in capitals":  `{"a":True}`,
		"long literal":         `{"a":nullx}`,
		"open array":           `{"a":[1`,
		"crossed brackets":     `{"a":[1}]`,
		"half and a letter":    `{"a":"\ud83dx"}`,
		"half and an escape":   `{"a":"\ud83d\n"}`,
		"too deep":             deep(strictjson.MaxDepth + 1),
		"9000 deep":            deep(9000),
		"100000 deep":          deep(100_000),
		"deep array":           `{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}",
	} {
		if got, err := strictjson.Object([]byte(text)); err == nil {
			t.Errorf("%s: Object(%.40q) = %v, want an error", name, text, got)
		}
	}
}

// FuzzObject shows that what strictjson reads, encoding/json reads alike; that
// it refuses no more than it says; and that it reads its own writing back.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"aud":["a",null],"exp":1e300}`, `{"a":{"b":[1,{"c":"\u00e9"}]}}`, `{"a":1,"a":2}`, `{"a":"\ud83d\ude00"}`, `[`, `{"a":"\ud800"}`,
		` { "a" : [ true , false , null , -0.1E+2 , "\"\\\/\b\f\n\r\t" ] } `, `{"a":01}`, `{"a":"\ud800\u0041"}`, `{"a":1.}`, `{"":[[]]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		var want map[string]any
		lax := dec.Decode(&want)
		got, err := strictjson.Object(data)
		switch {
		case err != nil && lax == nil && json.Valid(data) && utf8.Valid(data) && want != nil && !strict(err):
			t.Fatalf("refused %q, which is as it should be: %v", data, err)
		case err != nil:
			return
		case lax != nil:
			t.Fatalf("accepted %q, which encoding/json refuses: %v", data, lax)
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

// strict reports whether err is about what encoding/json lets pass.
func strict(err error) bool {
	return slices.ContainsFunc([]string{"duplicate name", "nested more than", "surrogate pair"}, func(reason string) bool {
		return strings.Contains(err.Error(), reason)
	})
}

func BenchmarkObject(b *testing.B) {
	data := []byte(`{"iss":"https://idp.example.com/realms/corp","sub":"f4b3ad9e-7a05-4d0a-8d0c-3b0d5c5e3c1f","aud":["order-status","human-resource"],` +
		`"client_id":"customer-portal","scope":"orders.read orders.write","iat":1790000000,"exp":1790000300,"jti":"KQ2YZ3V5L7XW",` +
		`"realm_access":{"roles":["clerk","auditor"]},"name":"Ren\u00e9e"}`)
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := strictjson.Object(data); err != nil {
			b.Fatal(err)
		}
	}
}
