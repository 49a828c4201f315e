package policyfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// TestPolicyKnowsFilesAndLines shows that a policy knows the file and the line of
// issuers, services and clients, of their keys and of the entries of allow, also in files that are included.
func TestPolicyKnowsFilesAndLines(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"access.yaml": "version: 1\nincludes: [teams/*.yaml]\nissuers:\n  corp:\n    url: https://idp.example.com\n    max_lifetime: 1h\n",
		"teams/orders.yaml": "version: 1\nservices:\n  orders: {grpc: [acme.Orders], allow: [\n    {clients: [portal], methods: [Get], scopes: none},\n    {clients: [portal], methods: [List], scopes: none}]}\n" +
			"clients:\n  portal:\n    secret:\n      file: portal.secret\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	policy, err := policyfile.Load(filepath.Join(dir, "access.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	top, team := filepath.Join(dir, "access.yaml"), filepath.Join(dir, "teams", "orders.yaml")
	for _, row := range []struct {
		path []string
		want string
	}{
		{[]string{"issuers", "corp"}, top + ":4"},
		{[]string{"issuers", "corp", "max_lifetime"}, top + ":6"},
		{[]string{"clients", "portal"}, team + ":7"},
		{[]string{"clients", "portal", "secret"}, team + ":8"},
		{[]string{"clients", "nobody"}, ""},
		{[]string{"services", "orders"}, team + ":3"},
		{[]string{"services", "orders", "allow"}, team + ":3"},
		{[]string{"services", "orders", "allow", "0"}, team + ":4"},
		{[]string{"services", "orders", "allow", "1"}, team + ":5"},
		{[]string{"services", "orders", "allow", "2"}, ""},
		{[]string{"services", "nothing"}, ""},
		{nil, ""},
	} {
		if got := policy.Place(row.path...); got != row.want {
			t.Errorf("Place(%q) = %q, want %q", row.path, got, row.want)
		}
	}
	target, err := policy.Target("portal", "orders")
	if want := "issuers.corp (" + top + ":4)"; err != nil || target.Issuer.Place != want {
		t.Errorf("the issuer of the target stands at %q, %v, want %q", target.Issuer.Place, err, want)
	}
}
