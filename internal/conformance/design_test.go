package conformance_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/internal/presented"
)

// byDesign lists the rows, by Envoy's code, for which Envoy's code differs from the
// interceptor's by design. Where Envoy responds PERMISSION_DENIED, the interceptor
// responds UNAUTHENTICATED: jwt_authn has no other code for an audience, and the filters
// for the header and the claims cannot set one. Envoy accepts the scheme in two
// spellings only.
var byDesign = map[codes.Code][]string{
	codes.PermissionDenied: {
		"another aud",
		"a published secret",
		"the issuer's key",
		"jku", "x5u",
		"kid empty",
		"no kid, of several keys",
		"signature, unused bits",
		"b64 false", "b64 true", "crit", "crit empty",
		"aud an empty array", "aud empty", "no aud",
		"aud with nothing",
		"aud a list in a text", "aud as a URL", "aud longer", "aud shorter", "aud with a slash",
		"aud in capitals", "aud with a space",
		"aud in capitals alone",
		"azp an array", "azp and client_id", "azp null", "client_id a number", "client_id null",
		"25 hours, in its last minute", "30 days, in its last hour", "a year, in its last 23 hours",
		"iat in an hour", "iat zero",
		"a nonce and typ ID", "a refresh token", "an ID token", "no typ claim", "typ an array", "typ empty", "typ in an array",
		"typ null", "typ of a logout token", "typ of a proof",
		"a JWS in JSON", "an encrypted token",
		"acr an array", "sid empty",
		"scope, a number", "scope, an object", "scope, null", "scope, two in an array", "scope an array",
		"a login without sub", "a timed login without sub", "sub empty", "sub with a delete", "sub with a line break",
		`act "a text"`, "act 9", "act []", "act null", "act true", `act {"act":{"act":{"act":{"act":{"act":{"act`,
		`act {"act":{"sub":{}},"sub":"a"}`, `act {"sub":"a\nb"}`, `act {"sub":9}`, "act {}", `auth_time "now"`,
		"auth_time -1", "auth_time 0", "auth_time 9007199254740992", "auth_time []", "auth_time null",
		`realm_access "admin"`, "realm_access 9", "realm_access []", "realm_access null", `realm_access {"roles":"a"}`,
		`realm_access {"roles":[""]}`, `realm_access {"roles":["a",1]}`, `realm_access {"roles":[null]}`,
		`realm_access {"roles":[true]}`, `realm_access {"roles":null}`, `realm_access {"roles":{}}`, "realm_access {}",
		`resource_access "admin"`, "resource_access 9", "resource_access []", "resource_access null",
		"bound by DPoP", "bound to another cert",
		"two passwords", "two tokens",
		"another value first", "two tokens, with a comma",
		"a comma after the token", "a dot before the token", "a fourth part", "a parameter after", "a parameter before", "a second token after",
		"letters before the scheme", "padding after the token", "signs between scheme and token", "the scheme alone", "the scheme twice", "two dots",
		"two schemes",
		"a token of 18 KiB",
	},
	codes.Unauthenticated: {"the scheme in capitals"},
}

// letIn lists rows that Envoy admits and the interceptor refuses, by their heading in
// docs/envoy.md.
var letIn = map[string][]string{
	"Keys that are not for verifying": {"a key for encryption", "a key to sign with", "a key of 1024 bits", "a key without kid"},
	"JSON that is not strict":         {"a name without quotes", "single quotes", "a comma too many", "a raw control", "nested 40 deep"},
	"Sizes":                           {"a header of 5 KiB", "sub of 1025 bytes"},
	"What is within objects and arrays": {
		"sources of claims, a text",
	},
}

// designed returns Envoy's code for a row, if it differs by design.
func designed(p presented.Row) (code codes.Code, differs bool) {
	for _, names := range letIn {
		if slices.Contains(names, p.Name) {
			return codes.OK, true
		}
	}
	for code, names := range byDesign {
		if slices.Contains(names, p.Name) {
			return code, true
		}
	}
	return codes.OK, false
}

// differing returns the names of all rows for which Envoy differs by design.
func differing() []string {
	var names []string
	for _, rows := range letIn {
		names = append(names, rows...)
	}
	for _, rows := range byDesign {
		names = append(names, rows...)
	}
	return names
}

// TestEnvoyDocs shows that the page about Envoy lists exactly what Envoy admits and the
// interceptor refuses.
func TestEnvoyDocs(t *testing.T) {
	const heading = "\n## What Envoy lets in that a server refuses\n"
	page, err := os.ReadFile("../../docs/envoy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), heading)
	if !found {
		t.Fatalf("docs/envoy.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var listed []string
	for _, item := range regexp.MustCompile(`(?m)^- \*\*(.+?)\.?\*\*`).FindAllStringSubmatch(section, -1) {
		listed = append(listed, item[1])
	}
	slices.Sort(listed)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(letIn)), listed); diff != "" {
		t.Errorf("docs/envoy.md lists what is tested: got +, want -\n%s", diff)
	}
}
