package idp_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/idp"
)

// TestUnpackRefusesATamperedArchive changes one bit of an archive.
func TestUnpackRefusesATamperedArchive(t *testing.T) {
	dir := t.TempDir()
	good := archive(t)
	want := sum(good)
	for name, data := range map[string][]byte{"a bit": flip(good, len(good)/2), "the end": good[:len(good)-1], "one more byte": append(bytes.Clone(good), 0), "nothing": nil} {
		path := filepath.Join(dir, "server.tar.gz")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		err := idp.Unpack(dir, path, want)
		if err == nil || !strings.Contains(err.Error(), "server.tar.gz: SHA-256 is "+sum(data)+", want "+want) {
			t.Errorf("%s changed: got %v, want both hashes", name, err)
		}
		wantFiles(t, dir, "server.tar.gz")
	}
}

func TestUnpackTakesThePinnedArchive(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "server.tar.gz")
	good := archive(t)
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := idp.Unpack(dir, path, sum(good)); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, "run.sh")
	if err := idp.Unpack(dir, path, sum(good)); err == nil {
		t.Error("got no error for an archive that is not there")
	}
}

// TestPipRefusesATamperedWheel makes pip install a wheel with another hash, one of
// another version, and the right one.
func TestPipRefusesATamperedWheel(t *testing.T) {
	if err := exec.CommandContext(t.Context(), "python3", "-m", "pip", "--version").Run(); err != nil {
		t.Skipf("python3 with pip: %v", err)
	}
	from := t.TempDir()
	good := wheel(t)
	require := func(version, hash string) []byte {
		return []byte("small-server==" + version + " \\\n    --hash=sha256:" + hash + "\n")
	}
	for _, row := range []struct {
		name         string
		file         []byte
		requirements []byte
		want         string // in the error; empty for none
	}{
		{"a bit changed", flip(good, 40), require("1.0", sum(good)), "DO NOT MATCH"},
		{"another wheel", good, require("1.0", strings.Repeat("0", 64)), "DO NOT MATCH"},
		{"another version", good, require("1.1", sum(good)), "No matching distribution"},
		{"no hash", good, []byte("small-server==1.0\n"), "Hashes are required"},
		{"the pinned one", good, require("1.0", sum(good)), ""},
	} {
		if err := os.WriteFile(filepath.Join(from, "small_server-1.0-py3-none-any.whl"), row.file, 0o600); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		err := idp.InstallWheel(dir, row.requirements, "--no-index", "--no-cache-dir", "--find-links", from)
		_, there := os.Stat(filepath.Join(dir, "small_server.py"))
		switch {
		case row.want == "" && (err != nil || there != nil):
			t.Errorf("%s: got %v, %v, want it installed", row.name, err, there)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want) || there == nil):
			t.Errorf("%s: got %v, installed: %t, want an error with %q", row.name, err, there == nil, row.want)
		}
	}
}

// TestEverythingIsPinned shows that whatever is fetched has a hash in the source.
func TestEverythingIsPinned(t *testing.T) {
	text := string(idp.Requirements())
	hashes := regexp.MustCompile(`--hash=sha256:[0-9a-f]{64}\b`).FindAllString(text, -1)
	if !strings.Contains(text, "\nenvoy-server=="+idp.EnvoyVersion+" ") || strings.Count(text, "==") != 1 || len(hashes) == 0 {
		t.Errorf("got requirements\n%s\nwant Envoy %s alone, with hashes", text, idp.EnvoyVersion)
	}
	if idp.Pinned("envoy", "one") == idp.Pinned("envoy", "two") {
		t.Error("the cache has one name for two pins")
	}
	lock, err := idp.Lock()
	if err != nil {
		t.Fatal(err)
	}
	var npm struct {
		Packages map[string]struct{ Integrity string }
	}
	if err := json.Unmarshal(lock, &npm); err != nil {
		t.Fatal(err)
	}
	for name, p := range npm.Packages {
		if name != "" && !strings.HasPrefix(p.Integrity, "sha512-") {
			t.Errorf("package-lock.json: %s has integrity %q, want a SHA-512", name, p.Integrity)
		}
	}
	if len(npm.Packages) < 2 {
		t.Errorf("package-lock.json: got %d packages", len(npm.Packages))
	}
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

// flip changes one bit of the byte at at.
func flip(data []byte, at int) []byte {
	data = bytes.Clone(data)
	data[at] ^= 1
	return data
}

// archive is a tar.gz with a file run.sh.
func archive(t *testing.T) []byte {
	t.Helper()
	const script = "#!/bin/sh\nexit 0\n"
	var data bytes.Buffer
	zipped := gzip.NewWriter(&data)
	files := tar.NewWriter(zipped)
	err := files.WriteHeader(&tar.Header{Name: "run.sh", Mode: 0o755, Size: int64(len(script))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := files.Write([]byte(script)); err != nil {
		t.Fatal(err)
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// wheel is a package of Python with one file, small_server.py.
func wheel(t *testing.T) []byte {
	t.Helper()
	const info = "small_server-1.0.dist-info/"
	files := map[string]string{
		"small_server.py": "",
		info + "METADATA": "Metadata-Version: 2.1\nName: small-server\nVersion: 1.0\n",
		info + "WHEEL":    "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
	}
	record := info + "RECORD,,\n"
	for name, text := range files {
		digest := sha256.Sum256([]byte(text))
		record += name + ",sha256=" + base64.RawURLEncoding.EncodeToString(digest[:]) + ",\n"
	}
	files[info+"RECORD"] = record
	var data bytes.Buffer
	w := zip.NewWriter(&data)
	for name, text := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}
