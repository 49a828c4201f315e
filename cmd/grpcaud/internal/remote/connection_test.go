package remote_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/remote"
)

// TestPlaintextConnectionTakesNoProxy holds that --plaintext does not call another machine
// through a proxy of this one. It runs a second time in a process that has HTTPS_PROXY.
func TestPlaintextConnectionTakesNoProxy(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if os.Getenv("TEST_PROXY") != "" {
		callPlaintext(ctx, t)
		return
	}
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{})
	go func() {
		if conn, err := proxy.Accept(); err == nil {
			close(asked)
			conn.Close()
		}
	}()
	again := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestPlaintextConnectionTakesNoProxy$")
	again.Env = append(os.Environ(), "TEST_PROXY=1", "NO_PROXY=", "no_proxy=", "HTTPS_PROXY=http://"+proxy.Addr().String())
	text, err := again.CombinedOutput()
	proxy.Close()
	select {
	case <-asked:
		t.Error("the proxy was asked for the connection")
	default:
	}
	if err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

// callPlaintext calls a server on another machine, which nothing answers at.
func callPlaintext(ctx context.Context, t *testing.T) {
	connection := remote.Connection{Addr: "passthrough:///255.255.255.255:443"}
	cmd := &cobra.Command{}
	connection.Flags(cmd, "")
	if err := cmd.Flags().Set("plaintext", "true"); err != nil {
		t.Fatal(err)
	}
	opts, err := connection.DialOptions()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(connection.Addr, opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := remote.ReadServices(ctx, conn); err == nil {
		t.Error("a server on another machine was called")
	}
}
