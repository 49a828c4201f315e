package interceptor_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/credentials/local"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// beyond is the address of a service on another machine, which nothing answers at.
const beyond = "255.255.255.255:443"

// TestPlaintextTakesNoProxy holds that a proxy on this machine, which HTTPS_PROXY names,
// carries no connection in plaintext to another machine: to credentials/local it looks like
// a server here. It runs a second time in a process that has the variable.
func TestPlaintextTakesNoProxy(t *testing.T) {
	if os.Getenv("TEST_PROXY") == "" {
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

// TestPlainHTTPTakesNoProxy holds that a proxy does not read the secrets for an issuer that is
// asked over plain http, nor answers for it: the exception is for the host that is named.
func TestPlainHTTPTakesNoProxy(t *testing.T) {
	if os.Getenv("TEST_PROXY") == "" {
		runBehindProxy(t)
		return
	}
	host, _, _ := net.SplitHostPort(beyond)
	policy := company(t, withSecrets(t), func(m *access.Matrix) {
		m.Issuers["corp"] = access.Issuer{URL: "http://" + host + "/corp", TokenURL: "http://" + host + "/token", InsecureHosts: []string{host}}
	})
	server, err := interceptor.NewServer(policy, interceptor.Services("order-status"))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	client, err := interceptor.NewClient(policy, "customer-portal")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := client.Warm(ctx, "order-status"); err == nil {
		t.Error("a token came from nowhere")
	}
	err = callBoth(bearing(ctx, "Bearer "+testutil.NewIssuer("http://"+host+"/corp").Mint(good(nil))), connectTo(t, server))[0]
	if status.Code(err) != codes.Unavailable {
		t.Errorf("got %v, want that the keys are not there", err)
	}
}

// runBehindProxy runs a test in a process whose proxy is here, and counts what that is asked.
func runBehindProxy(t *testing.T) {
	t.Helper()
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Error(w, r.Host, http.StatusBadGateway)
	}))
	defer proxy.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$")
	again.Env = append(os.Environ(), "TEST_PROXY=1", "NO_PROXY=", "no_proxy=", "HTTPS_PROXY="+proxy.URL, "HTTP_PROXY="+proxy.URL)
	text, err := again.CombinedOutput()
	if err != nil || asked.Load() != 0 {
		t.Errorf("%v, and the proxy was asked %d times\n%s", err, asked.Load(), text)
	}
}
