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
)

// byDesign is what Envoy answers where it differs from the interceptor: the names
// of rows, by the code. What it says PERMISSION_DENIED to is UNAUTHENTICATED to
// the interceptor: jwt_authn has no other code for an audience, and the filters
// that look at the header and at the claims have none at all. It takes the scheme
// in two spellings.
var byDesign = map[codes.Code][]string{
	codes.PermissionDenied: {
		"another aud",
		"T8 a published secret",
		"T9 the issuer's key",
		"T10 jku", "T10 x5u",
		"T12 kid empty",
		"T15 no kid, of several keys",
		"T19 signature, unused bits",
		"T20 b64 false", "T20 b64 true", "T20 crit", "T20 crit empty",
		"T30 aud an empty array", "T30 aud empty", "T30 no aud",
		"T31 aud with nothing",
		"T32 aud a list in a text", "T32 aud as a URL", "T32 aud longer", "T32 aud shorter", "T32 aud with a slash",
		"T33 aud in capitals", "T33 aud with a space",
		"T35 aud in capitals alone",
		"T39 azp an array", "T39 azp and client_id", "T39 azp null", "T39 client_id a number", "T39 client_id null",
		"T41 25 hours, in its last minute", "T41 30 days, in its last hour", "T41 a year, in its last 23 hours",
		"T42 iat in an hour", "T42 iat zero",
		"T43 a nonce", "T43 a refresh token", "T43 an ID token", "T43 no kind", "T43 typ an array", "T43 typ empty", "T43 typ in an array",
		"T43 typ null", "T43 typ of a logout token",
		"T44 acr an array", "T44 sid empty",
		"T45 scope, a number", "T45 scope, an object", "T45 scope, null", "T45 scope, two in an array", "T45 scope an array",
		"T46 a login without sub", "T46 a timed login without sub", "T46 sub empty", "T46 sub with a delete", "T46 sub with a line break",
		`T48 act "a text"`, "T48 act 9", "T48 act []", "T48 act null", "T48 act true", `T48 act {"act":{"act":{"act":{"act":{"act":{"act`,
		`T48 act {"act":{"sub":{}},"sub":"a"}`, `T48 act {"sub":"a\nb"}`, `T48 act {"sub":9}`, "T48 act {}", `T48 auth_time "now"`,
		"T48 auth_time -1", "T48 auth_time 0", "T48 auth_time 9007199254740992", "T48 auth_time []", "T48 auth_time null",
		`T48 realm_access "admin"`, "T48 realm_access 9", "T48 realm_access []", "T48 realm_access null", `T48 realm_access {"roles":"a"}`,
		`T48 realm_access {"roles":[""]}`, `T48 realm_access {"roles":["a",1]}`, `T48 realm_access {"roles":[null]}`,
		`T48 realm_access {"roles":[true]}`, `T48 realm_access {"roles":null}`, `T48 realm_access {"roles":{}}`, "T48 realm_access {}",
		`T48 resource_access "admin"`, "T48 resource_access 9", "T48 resource_access []", "T48 resource_access null",
		"T50 bound by DPoP", "T50 bound to another cert",
		"T62 two passwords", "T62 two tokens",
		"T63 another value first", "T63 two tokens, with a comma",
		"T64 a comma after", "T64 a dot before", "T64 a fourth part", "T64 a parameter after", "T64 a parameter before", "T64 a second token after",
		"T64 letters before", "T64 padding after", "T64 signs between", "T64 the scheme alone", "T64 the scheme twice", "T64 two dots",
		"T64 two schemes",
		"T66 of 18 KiB",
	},
	codes.Unauthenticated: {"T64 the scheme in capitals"},
}

// letIn are rows that Envoy admits and the interceptor refuses, by the words of
// docs/envoy.md for them.
var letIn = map[string][]string{
	"Keys that are not for verifying": {"T4 a key for encryption", "T4 a key to sign with", "T5 a key of 1024 bits", "T12 a key without kid"},
	"JSON that is not strict":         {"T35 a name without quotes", "T35 single quotes", "T35 a comma too many", "T35 a raw control", "T35 nested 40 deep"},
	"Sizes":                           {"T21 a header of 5 KiB", "T46 sub of 1025 bytes"},
	"What is within objects and arrays": {
		"T48 a role that is an object", `T48 realm_access {"roles":[[]]}`, "T48 roles of a client, a text", "T48 sources of claims, a text",
	},
}

// designed returns the code that Envoy answers to p by design, if it has one of
// its own.
func (p presented) designed() (code codes.Code, differs bool) {
	for _, names := range letIn {
		if slices.Contains(names, p.name) {
			return codes.OK, true
		}
	}
	for code, names := range byDesign {
		if slices.Contains(names, p.name) {
			return code, true
		}
	}
	return codes.OK, false
}

// differing are the names of all rows that Envoy answers otherwise.
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

// TestEnvoyDocs holds the page about Envoy to what is tested: it lists what Envoy
// lets in, and nothing else.
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
