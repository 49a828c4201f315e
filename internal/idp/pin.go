package idp

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// pinned returns the name in the cache for a pin, which is a hash or a file of hashes.
// What was installed for another pin has another name.
func pinned(name, pin string) string {
	sum := sha256.Sum256([]byte(pin))
	return name + "-" + hex.EncodeToString(sum[:6])
}

// verify reads the file at path and compares its SHA-256 with want, in hexadecimal.
func verify(path, want string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return err
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		return fmt.Errorf("%s: SHA-256 is %s, want %s: it is not the file that was pinned, and is not used", filepath.Base(path), got, want)
	}
	return nil
}

// unpack verifies the archive, a tar.gz, unpacks it into dir, and removes it. Nothing is
// unpacked if the hash differs.
func unpack(dir, archive, want string) error {
	if err := verify(archive, want); err != nil {
		return err
	}
	if err := run(dir, "tar", "-xzf", archive, "-C", dir); err != nil {
		return err
	}
	return os.Remove(archive)
}

// installWheel makes pip install requirements, by their hashes, into dir. more are
// further arguments.
func installWheel(dir string, requirements []byte, more ...string) error {
	list := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(list, requirements, 0o600); err != nil {
		return err
	}
	command := []string{
		"python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
		"--require-hashes", "--requirement", list, "--target", dir,
	}
	return run(dir, append(command, more...)...)
}
