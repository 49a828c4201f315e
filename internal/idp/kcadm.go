package idp

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Kcadm runs commands in a POSIX shell in which kcadm.sh is Keycloak's own, logged in
// as its administrator. It stops at the first that fails.
func (r *Realm) Kcadm(t testing.TB, commands string) {
	t.Helper()
	dist, err := cached(keycloakFolder(), installKeycloak)
	if err != nil {
		t.Fatalf("idp: keycloak: %v", err)
	}
	dir := t.TempDir()
	own := filepath.Join(dist, "keycloak-"+keycloakVersion, "bin", "kcadm.sh")
	wrapper := fmt.Sprintf("#!/bin/sh\nexec '%s' \"$@\" --config '%s'\n", own, filepath.Join(dir, "kcadm.config"))
	if err := os.WriteFile(filepath.Join(dir, "kcadm.sh"), []byte(wrapper), 0o700); err != nil {
		t.Fatalf("idp: keycloak: %v", err)
	}
	login := fmt.Sprintf("kcadm.sh config credentials --server '%s' --realm master --user %s --password %s", r.base, adminName, adminName)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "sh", "-e", "-c", login+"\n"+commands)
	shell.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	shell.WaitDelay = time.Second
	if out, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("idp: keycloak: kcadm.sh: %v\n%s", err, out)
	}
}
