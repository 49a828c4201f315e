package main_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	grpcaud "github.com/grpcaud/grpcaud/cmd/grpcaud"
	"github.com/grpcaud/grpcaud/testutil"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// company is the access matrix of the running example.
const company = "../../examples/backoffice/access.yaml"

// result is the result of a run of the program.
type result struct {
	code           int
	stdout, stderr string
}

// run runs the program with these arguments, for a minute at most.
func run(t testing.TB, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	code := grpcaud.Run(ctx, args, strings.NewReader(stdin), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		write(t, path, got)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, string(want)); diff != "" {
		t.Errorf("%s: got -, want +\n%s", name, diff)
	}
}

// file writes a file of that name into a folder of the test, and returns its path.
func file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	write(t, path, text)
	return path
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// want checks the exit status of a run, and that its output has each text.
func (r result) want(t testing.TB, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit status = %d, want %d\n%s%s", r.code, code, r.stdout, r.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(r.stdout+r.stderr, text) {
			t.Errorf("got no %q in\n%s%s", text, r.stdout, r.stderr)
		}
	}
}

// corp returns the issuer of the company's file, which writes tokens as Keycloak does, and a
// file with its only key, k1.
func corp(t testing.TB) (*testutil.Issuer, string) {
	t.Helper()
	issuer := testutil.NewIssuer("https://idp.example.com/realms/corp", testutil.Typ("JWT"), testutil.EveryToken(testutil.Claims{"typ": "Bearer"}))
	response, err := (&http.Client{Transport: issuer.Transport()}).Get(issuer.URL() + string(testutil.JWKS))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	keys, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	renamed := regexp.MustCompile(`"kid": ?"[^"]*"`).ReplaceAllString(string(keys), `"kid":"k1"`)
	return issuer, file(t, "keys.json", renamed)
}

// token returns a token of the customer portal for the order status, with other claims where
// given.
func token(issuer *testutil.Issuer, claims testutil.Claims, opts ...testutil.MintOption) string {
	all := testutil.Claims{"aud": "order-status", "azp": "customer-portal", "sub": "alice", "scope": "orders.read", "jti": "1"}
	for name, value := range claims {
		all[name] = value
	}
	return issuer.Mint(all, append([]testutil.MintOption{testutil.Header("kid", "k1")}, opts...)...)
}

// decodePayload returns the payload of a token.
func decodePayload(t testing.TB, token string) []byte {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	return payload
}
