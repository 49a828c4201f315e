package main_test

import (
	"strings"
	"testing"
)

// TestStorePasswordIsNoArgument shows that a password in the URL is refused, is not
// repeated, and what else is wrong with a URL.
func TestStorePasswordIsNoArgument(t *testing.T) {
	t.Setenv("GRPCAUD_STORE_PASSWORD", "")
	for url, want := range map[string]string{
		"valkey://guard:s3cret@127.0.0.1:1":    "others on this machine can read",
		"valkey://:s3cret@127.0.0.1:1":         "others on this machine can read",
		"valkey://127.0.0.1:1?password=s3cret": "others on this machine can read",
		"valkey://guard:s3cret%zz@127.0.0.1:1": "not a URL",
		"guard:s3cret@127.0.0.1:1":             "--store",
		"127.0.0.1:6379":                       "--store",
		"http://127.0.0.1:1":                   "want valkeys://HOST:PORT",
		"valkey://":                            "no host",
		"valkey://127.0.0.1:1?db=1":            "want no ? and no #",
		"valkey://127.0.0.1:1/zero":            "not the number of a database",
		"valkey://guard@127.0.0.1:1":           "no password of the user",
	} {
		r := run(t, "", "status", "--store", url)
		r.want(t, 2, "grpcaud: ", want)
		if strings.Contains(r.stderr+r.stdout, "s3cret") {
			t.Errorf("%s: the password is in the output: %s", url, r.stderr)
		}
	}
	run(t, "", "status").want(t, 2, "missing --store")
	run(t, "", "status", "--store", "valkey://a@127.0.0.1:1", "--store-user", "b").want(t, 2, "leave out one of them")
	run(t, "", "status", "--store", "valkey://127.0.0.1:1", "--store-ca", "ca.pem").want(t, 2, "write valkeys://")
	run(t, "", "status", "--store", "valkeys://127.0.0.1:1", "--store-ca", "ca.pem").want(t, 2, "ca.pem")
	run(t, "", "status", "--store", "valkey://127.0.0.1:1", "--store-password-file", "missing").want(t, 2, "--store-password-file")
}

// TestStoreWithAPassword shows that the password comes from a file or from the
// environment, and that a wrong one is no answer, and is not told.
func TestStoreWithAPassword(t *testing.T) {
	f := newFleet(t)
	f.store.RequireUserAuth("operator", "s3cret")
	args := []string{"status", "--store", f.url(), "--store-user", "operator", "--timeout", "1500ms"}
	t.Setenv("GRPCAUD_STORE_PASSWORD", "wr0ng")
	r := run(t, "", args...)
	r.want(t, 2, "WRONGPASS", "--store-password-file")
	if strings.Contains(r.stderr, "wr0ng") {
		t.Errorf("the password is in the output: %s", r.stderr)
	}
	run(t, "", append(args, "--store-password-file", file(t, "password", "s3cret\n"))...).want(t, 1, "no replica")
	t.Setenv("GRPCAUD_STORE_PASSWORD", "s3cret")
	run(t, "", args...).want(t, 1, "no replica")
}
