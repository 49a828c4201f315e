//go:build unix

package main_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	grpcaud "github.com/grpcaud/grpcaud/cmd/grpcaud"
)

// TestPathsThatAreNoFiles shows that no command waits for a pipe or a device in the place of a
// file, and that the error suggests a dash where that is possible.
func TestPathsThatAreNoFiles(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	substituted := fmt.Sprintf("/dev/fd/%d", r.Fd()) // as <(…) of a shell
	const instead = "; to read it from a pipe or a terminal, write - and connect that to standard input"
	explain := "explain " + company + " --service order-status --method GetOrderStatus"
	as := " --as customer-portal --for order-status"
	serve := "serve " + company + " --service order-status"
	for _, row := range []struct{ args, want string }{
		{"check " + pipe, pipe + ": a pipe, want a regular file" + instead},
		{"check " + substituted, substituted + ": a pipe, want a regular file" + instead},
		{"check /dev/null", "/dev/null: a device, want a regular file" + instead},
		{"matrix " + pipe, instead},
		{"diff " + company + " " + substituted, instead},
		{"export --to istio " + pipe, instead},
		{"doctor " + pipe, instead},
		{"token " + pipe + as, instead},
		{"call " + pipe + as + " --addr 127.0.0.1:1", instead},
		{"serve " + pipe + " --service order-status", instead},
		{explain + " --token-file " + pipe, instead},
		{"check " + filepath.Dir(pipe), ": a folder, want a regular file"},
		{"check " + company + " --descriptors " + pipe, ": a pipe, want a regular file"},
		{explain + " --token-file " + company + " --jwks " + pipe, ": a pipe, want a regular file"},
		{"doctor " + company + " --issuer-ca " + pipe, ": a pipe, want a regular file"},
		{serve + " --tls-cert " + pipe + " --tls-key " + pipe, ": a pipe, want a regular file"},
		{"diff " + company + " --realm-file " + pipe, ": a pipe, want a regular file"},
		{"diff " + company + " --keycloak https://127.0.0.1:1 --realm r --admin-client c --admin-secret-file " + pipe, ": a pipe, want a regular file"},
		{"export " + company + " --to istio --jwks-file " + pipe, ": a pipe, want a regular file"},
	} {
		var out bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		ended := make(chan int, 1)
		go func() { ended <- grpcaud.Run(ctx, strings.Fields(row.args), strings.NewReader(""), &out, &out) }()
		select {
		case code := <-ended:
			if code != 2 || !strings.Contains(out.String(), row.want) {
				t.Errorf("grpcaud %s: exit status %d\n%s\nwant 2, and %q", row.args, code, out.String(), row.want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("grpcaud %s: waits", row.args)
		}
		cancel()
	}
}
