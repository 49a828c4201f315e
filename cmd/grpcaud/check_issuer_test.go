package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

// checkedFile is a file whose issuer has these settings.
const checkedFile = `version: 1
issuers:
  corp: {SETTINGS}
services:
  orders: {grpc: [acme.orders.v1.OrderStatus], allow: [{clients: [portal], methods: [Get], scopes: none}]}
clients: {portal: {}}
`

// TestCheckReadsFilesOfIssuers shows that check says what is in a file that is named for
// keys or for authorities.
func TestCheckReadsFilesOfIssuers(t *testing.T) {
	for name, row := range map[string]struct{ settings, content, want string }{
		"keys":            {"keys_file: f", `{"keys":[]}`, ""},
		"a missing file":  {"keys_file: missing", "", "no keys: open "},
		"certificates":    {"keys_file: f", `{"k":"-----BEGIN CERTIFICATE-----\nMIIB"}`, "is not a JWK set: it is a map of X.509 certificates"},
		"metadata":        {"keys_file: f", `{"issuer":"x","jwks_uri":"y"}`, "is not a JWK set: it is the metadata of an issuer"},
		"PEM":             {"keys_file: f", "-----BEGIN PUBLIC KEY-----\nMIIB\n", "is not a JWK set: it is PEM, with a public key"},
		"authorities":     {"ca_file: f", string(testutil.NewCA().PEM()), ""},
		"no authorities":  {"ca_file: f", "hello", "no certificate in it"},
		"no file of them": {"ca_file: missing", "", "missing"},
	} {
		dir := t.TempDir()
		text := strings.Replace(checkedFile, "SETTINGS", "url: 'https://idp.example.com', "+row.settings, 1)
		for file, content := range map[string]string{"access.yaml": text, "f": row.content} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r := run(t, "", "check", filepath.Join(dir, "access.yaml"))
		r.want(t, 0)
		got := r.stdout
		if row.want == "" && !strings.Contains(got, "0 warnings") || !strings.Contains(got, row.want) {
			t.Errorf("%s: got %s\nwant %q in it", name, got, row.want)
		}
	}
}

// TestCheckTellsWarningsBesideMistakes shows that a file with a mistake is told of what
// else is probably wrong in it.
func TestCheckTellsWarningsBesideMistakes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.yaml")
	text := strings.Replace(checkedFile, "SETTINGS", "url: 'https://acme.eu.auth0.com', preset: auth0, leeway: 1h", 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "", "check", path).want(t, 2, "access.yaml:3:", "want between 0 and 5m", `warning: Auth0 writes iss in another form: want "https://acme.eu.auth0.com/"`)
}
