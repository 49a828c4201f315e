package remedy_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/remedy"
)

// TestRemediesOfKeySets shows that a document which is no JWK set is told by what it is.
func TestRemediesOfKeySets(t *testing.T) {
	for document, want := range map[string]string{
		`{"keys":[]}`:             "",
		"":                        "it is empty",
		" \n":                     "it is empty",
		"\ufeff":                  "it is empty",
		"<html>":                  "it is a web page",
		"[1]":                     "it is a list",
		"eyJh.eyJh.x":             "it is a token",
		"x: y":                    "it is no JSON",
		`"keys"`:                  "it is no JSON",
		`{"kty":"RSA","n":"x"}`:   "it is one JWK",
		`{"kty":"RSA","d":"x"}`:   "it holds a private",
		`{"private_key":"x"}`:     "it holds a private",
		`{"jwks_uri":"x"}`:        "it is a metadata document",
		`{"error":"not found"}`:   "it is an error",
		`{"a":"-----BEGIN CERT"}`: "it maps key ids to certificates",
		`{"a":"b"}`:               "it has no keys",
		"-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----":       "it is PEM",
		"-----BEGIN EC PRIVATE KEY-----\nx\n-----END EC PRIVATE KEY---": "it is a private key",
	} {
		if got := remedy.KeySet([]byte(document)); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("KeySet(%q) = %q, want %q", document, got, want)
		}
	}
}

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
