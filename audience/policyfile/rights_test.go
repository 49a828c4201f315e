package policyfile_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// TestRightsHaveEveryKey shows that each key that the reader knows has exactly one
// right.
func TestRightsHaveEveryKey(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(policyfile.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	known := keysIn("", schema)
	_, got := policyfile.Rights()
	slices.Sort(known)
	slices.Sort(got)
	if diff := cmp.Diff(slices.Compact(known), got); diff != "" {
		t.Errorf("the rights, against the keys of the format (-want +got):\n%s", diff)
	}
}

// keysIn lists the paths of the keys that a schema knows, with * for names.
func keysIn(path string, schema map[string]any) []string {
	var keys []string
	properties, _ := schema["properties"].(map[string]any)
	for name, value := range properties {
		key := strings.TrimPrefix(path+"."+name, ".")
		keys = append(append(keys, key), keysIn(key, value.(map[string]any))...)
	}
	if names, ok := schema["additionalProperties"].(map[string]any); ok {
		keys = append(keys, keysIn(path+".*", names)...)
	}
	if items, ok := schema["items"].(map[string]any); ok {
		keys = append(keys, keysIn(path, items)...)
	}
	several, _ := schema["anyOf"].([]any)
	for _, one := range several {
		keys = append(keys, keysIn(path, one.(map[string]any))...)
	}
	return keys
}

// TestRightsAreDocumented shows that the documented table is the enforced one.
func TestRightsAreDocumented(t *testing.T) {
	const page = "../../docs/files.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "| `") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	want, _ := policyfile.Rights()
	if !slices.Equal(got, want) {
		t.Errorf("%s does not have the table that is enforced. It is\n%s", page, strings.Join(want, "\n"))
	}
}

// TestKeysWithoutRights shows that a key which the table does not have is refused in
// an included file, and that each of those which only the first file may have is.
func TestKeysOfTheFirstFile(t *testing.T) {
	for key, text := range map[string]string{
		"includes":                      "includes: [x.yaml]\n",
		"issuers":                       "issuers: {}\n",
		"clients.*.secret.env":          "clients: {zz: {issuer: corp, secret: {env: X}}}\n",
		"clients.*.private_key_jwt.env": "clients: {zz: {issuer: corp, private_key_jwt: {kid: k, env: X}}}\n",
	} {
		name := key[strings.LastIndexByte(key, '.')+1:]
		err := loadCompany(t, map[string]string{"teams/news.yaml": newsFile + text})
		if want := `only access.yaml may have the key "` + name + `"`; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: Load = %v, want %s", key, err, want)
		}
	}
}
