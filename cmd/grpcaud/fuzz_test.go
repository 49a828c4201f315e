package main_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

// FuzzExplain gives explain any input. Nothing that the issuer has not signed is admitted, and
// nothing controls the terminal.
func FuzzExplain(f *testing.F) {
	issuer, keys := corp(f)
	forged := token(issuer, nil, testutil.SignedBy(testutil.NewKey("ES256")), testutil.Header("kid", "k1"))
	for _, seed := range []string{forged, "Bearer " + forged, `{"access_token":"` + forged + `"}`, "a.b.c.d.e", "x", "\x1b[31m", "e30.e30.e30"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := explainOrder(t, text, "--jwks", keys, "--offline")
		if r.code == 0 {
			t.Errorf("explain of %q: admitted", text)
		}
		if strings.ContainsFunc(r.stdout+r.stderr, func(c rune) bool { return c != '\n' && !strconv.IsPrint(c) }) {
			t.Errorf("explain of %q writes characters that do not print: %q", text, r.stdout+r.stderr)
		}
	})
}

// FuzzDescriptors gives check any descriptors. Errors are in printable characters.
func FuzzDescriptors(f *testing.F) {
	for _, seed := range []string{"", "\x0a\x00", "\x0a\x08\x12\x01a\x32\x03\x0a\x01B"} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "set.binpb")
	f.Fuzz(func(t *testing.T, set []byte) {
		if err := os.WriteFile(path, set, 0o666); err != nil {
			t.Fatal(err)
		}
		r := run(t, "", "check", company, "--descriptors", path)
		if r.code == 0 || r.stdout+r.stderr == "" {
			t.Errorf("check with %q: exit status %d, %q", set, r.code, r.stdout+r.stderr)
		}
		if strings.ContainsFunc(r.stdout+r.stderr, func(c rune) bool { return c != '\n' && !strconv.IsPrint(c) }) {
			t.Errorf("check with %q writes characters that do not print: %q", set, r.stdout+r.stderr)
		}
	})
}
