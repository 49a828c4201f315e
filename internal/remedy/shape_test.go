package remedy_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/remedy"
)

// TestRemediesOfShapes shows what is said of texts that are no signed token.
func TestRemediesOfShapes(t *testing.T) {
	for text, want := range map[string]string{
		"a.b.c": "", "opaque": "opaque token", "prefix_x.y": "opaque token", "eyJh.eyJi": "was it cut off", "a.b.": "signature is missing",
		"a.b.c.d.e": "JWE", `{"payload":""}`: "JSON serialisation", "a.b.SIGNATURE_REMOVED_BY_GOOGLE": "x-serverless-authorization",
	} {
		if got := remedy.Shape(text); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("Shape(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestBodiesAreTold shows that a body is told by its type, or by how it begins.
func TestBodiesAreTold(t *testing.T) {
	for _, row := range []struct {
		kind, body string
		want       remedy.Body
	}{
		{"application/json", `{"error":"x"}`, remedy.JSON},
		{"text/html; charset=utf-8", "", remedy.HTML},
		{"application/json", "\n<!DOCTYPE HTML>", remedy.HTML},
		{"text/plain", "<html>", remedy.HTML},
		{"application/json", "", remedy.NoBody},
		{"text/plain", "busy", remedy.OtherBody},
	} {
		if got := remedy.BodyOf(row.kind, []byte(row.body)); got != row.want {
			t.Errorf("BodyOf(%q, %q) = %d, want %d", row.kind, row.body, got, row.want)
		}
	}
}
