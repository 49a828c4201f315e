package interceptor_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/credentials/local"

	"github.com/grpcaud/grpcaud/interceptor"
)

// beyond is the address of a service on another machine, which nothing answers at.
const beyond = "255.255.255.255:443"

// TestPlaintextTakesNoProxy holds that a proxy on this machine, which HTTPS_PROXY names,
// carries no connection in plaintext to another machine: to credentials/local it looks like
// a server here. It runs a second time in a process that has the variable.
func TestPlaintextTakesNoProxy(t *testing.T) {
	if os.Getenv("HTTPS_PROXY") == "" || os.Getenv("TEST_PROXY") == "" {
		runBehindProxy(t)
		return
	}
	issuer, policy := newIssuer(), company(t, withSecrets(t))
	for name, over := range map[string]interceptor.Plaintext{"loopback": interceptor.Loopback, "mesh": interceptor.Mesh("istio")} {
		client := newClient(t, issuer, policy, "customer-portal", interceptor.AllowPlaintext(over))
		creds := local.NewCredentials()
		if over != interceptor.Loopback {
			creds = insecure.NewCredentials()
		}
		dialled, err := client.Dial("passthrough:///"+beyond, "order-status", creds)
		closing(t, dialled, err)
		composed, err := grpc.NewClient("passthrough:///"+beyond, append(client.DialOptions("order-status"), grpc.WithTransportCredentials(creds))...)
		closing(t, composed, err)
		for way, conn := range map[string]*grpc.ClientConn{"Dial": dialled, "DialOptions": composed} {
			for shape, call := range shapes {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				if err := call(ctx, conn); err == nil {
					t.Errorf("%s, %s, %s: a call over plaintext reached another machine", name, way, shape)
				}
				cancel()
			}
		}
	}
}

// runBehindProxy runs the test in a process whose proxy is here, and counts its connections.
func runBehindProxy(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil && r.Method == http.MethodConnect && r.Host == beyond {
				asked.Add(1)
			}
			conn.Close()
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestPlaintextTakesNoProxy$")
	again.Env = append(os.Environ(), "TEST_PROXY=1", "NO_PROXY=", "no_proxy=", "HTTPS_PROXY=http://"+listener.Addr().String())
	text, err := again.CombinedOutput()
	listener.Close()
	<-done
	if err != nil || asked.Load() != 0 {
		t.Errorf("%v, and the proxy was asked %d times for %s\n%s", err, asked.Load(), beyond, text)
	}
}
