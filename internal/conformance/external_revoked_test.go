package conformance_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/internal/lockedbuffer"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestExtAuthzRevokedByCommand shows that a token which the command revoke has revoked is
// refused at a service behind Envoy, unary and streaming, by the command authz with the
// same store; and that another token is not.
func TestExtAuthzRevokedByCommand(t *testing.T) {
	if !asked("envoy") {
		idp.Envoy(t, nil) // skips
	}
	x, store := &external{fence: newGuards(t), service: newUnguarded(t)}, "valkey://"+miniredis.RunT(t).Addr()
	x.addr = x.command(t, "--allow-plaintext", "loopback", "--store", store)
	x.config = exported(t, x.path, "--to", "envoy", "--authz", x.addr, "--bootstrap", "--listen", "127.0.0.1:0", "--upstream", x.service.addr)
	x.startEnvoy(t)
	stolen, other := "Bearer "+x.token(testutil.Claims{"sid": "stolen"}), "Bearer "+x.token(testutil.Claims{"sid": "other"})
	through := func(token string) string { return verdict(getOrderStatus.try(authorized(t, token), x.envoy)) }
	eventually(t, "Envoy", func() string { return through(stolen) }, "admitted")
	began := time.Now()
	if out, errs, status := grpcaud(t, "revoke", x.path, "--store", store, "--session", "stolen"); status != 0 || !strings.Contains(out, "1 of 1 replica know it") {
		t.Fatalf("revoke: exit status %d\n%s%s", status, out, errs)
	}
	t.Logf("the replica knew it %v after the command began", time.Since(began))
	for _, m := range []method{getOrderStatus, watchOrderStatus} {
		if got := verdict(m.try(authorized(t, stolen), x.envoy)); got != string(audience.ReasonTokenRevoked) {
			t.Errorf("%s, revoked: got %s, want TOKEN_REVOKED", m.shape, got)
		}
		if got := verdict(m.try(authorized(t, other), x.envoy)); got != "admitted" {
			t.Errorf("%s, another session: got %s, want admitted", m.shape, got)
		}
	}
}

// authorized returns a context of calls with a token.
func authorized(t *testing.T, token string) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return metadata.AppendToOutgoingContext(ctx, "authorization", token)
}

// command runs the command authz until the test ends, and returns its address.
func (x *external) command(t *testing.T, args ...string) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	cmd, log := exec.CommandContext(t.Context(), path, append([]string{"authz", x.path, "--listen", "127.0.0.1:0"}, args...)...), &lockedbuffer.Buffer{}
	cmd.Cancel, cmd.WaitDelay, cmd.Stderr = func() error { return cmd.Process.Signal(syscall.SIGTERM) }, 10*time.Second, log
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // the context of t has ended
	var ready struct{ Addr string }
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err := errors.Join(err, json.Unmarshal(line, &ready)); err != nil {
		t.Fatalf("authz: %v\n%s", err, log)
	}
	return ready.Addr
}
