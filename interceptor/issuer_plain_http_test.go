package interceptor_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/metric"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

const (
	meshRealm = "http://keycloak:8080/realms/corp"
	meshHost  = "insecure: {host: keycloak}"
)

// inMesh has the company's issuer be one that is asked over plain http.
func inMesh(m *access.Matrix) {
	m.Issuers["corp"] = access.Issuer{URL: meshRealm, InsecureHosts: []string{"keycloak"}}
}

func newMeshIssuer() *testutil.Issuer {
	issuer := testutil.NewIssuer(meshRealm)
	issuer.Register(testutil.Client{ID: "customer-portal", Secret: "customer-secret", Audiences: []string{"order-status"}, Scopes: map[string][]string{"order-status": {"orders.read"}}})
	return issuer
}

// TestPlainHTTPAtANamedHost shows that an issuer in a mesh can be asked over plain http
// if the file names its host, and that log and metrics of both sides tell it, when they
// start and when a policy brings it or takes it back.
func TestPlainHTTPAtANamedHost(t *testing.T) {
	for shape, call := range shapes {
		synctest.Test(t, func(t *testing.T) {
			issuer, secrets := newMeshIssuer(), withSecrets(t)
			policy, safe := company(t, secrets, inMesh), company(t, secrets)
			ofServer, ofClient := &log{}, &log{}
			counting, reader := meter(t)
			server := serverOf(t, issuer, policy, counting, jsonLogger(ofServer))
			client := newClient(t, issuer, policy, "customer-portal", interceptor.Logger(slog.New(slog.NewJSONHandler(ofClient, nil))))
			conn := connectTo(t, server, client.DialOptions("order-status")...)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if err := call(ctx, conn); err != nil {
				t.Errorf("%s: %v", shape, err)
			}
			for side, text := range map[string]string{"server": ofServer.String(), "client": ofClient.String()} {
				if !strings.Contains(text, `"level":"WARN"`) || !strings.Contains(text, "plain http") {
					t.Errorf("%s of the %s: no warning: %s", shape, side, text)
				}
			}
			if got := counted(t, reader)["grpcaud.insecure option="+meshHost]; got != 1 {
				t.Errorf("%s: the metric is %v, want 1", shape, got)
			}
			logged := len(ofServer.String())
			if err := server.Swap(safe); err != nil {
				t.Fatal(err)
			}
			if got := counted(t, reader)["grpcaud.insecure option="+meshHost]; got != 0 {
				t.Errorf("%s: without the exception the metric is %v, want 0", shape, got)
			}
			if err := server.Swap(policy); err != nil {
				t.Fatal(err)
			}
			if text := ofServer.String()[logged:]; !strings.Contains(text, "plain http") {
				t.Errorf("%s: a reload tells nothing: %s", shape, text)
			}
		})
	}
}

// TestIssuerOnTheMachineIsTold shows that log and metrics of both sides tell that an issuer
// is a process on the machine: a matrix for a laptop that reached production is seen there.
func TestIssuerOnTheMachineIsTold(t *testing.T) {
	const option = "insecure: loopback"
	issuer := testutil.NewIssuer("http://127.0.0.1:8085/corp")
	policy := company(t, withSecrets(t), func(m *access.Matrix) {
		m.Issuers["corp"] = access.Issuer{URL: issuer.URL(), InsecureLoopback: true}
	})
	if warnings := policy.Warnings(); len(warnings) == 0 || !strings.Contains(warnings[0].Error(), "for development only") {
		t.Errorf("warnings: %v", warnings)
	}
	ofServer, ofClient := &log{}, &log{}
	counting, reader := meter(t)
	server := serverOf(t, issuer, policy, counting, jsonLogger(ofServer))
	meters := sdk.NewManualReader()
	newClient(t, issuer, policy, "customer-portal", interceptor.Logger(slog.New(slog.NewJSONHandler(ofClient, nil))),
		interceptor.MeterProvider(sdk.NewMeterProvider(sdk.WithReader(meters))))
	for side, text := range map[string]string{"server": ofServer.String(), "client": ofClient.String()} {
		if !strings.Contains(text, `"level":"WARN"`) || !strings.Contains(text, "for development only") {
			t.Errorf("%s: no warning: %s", side, text)
		}
	}
	for side, r := range map[string]*sdk.ManualReader{"server": reader, "client": meters} {
		if got := counted(t, r)["grpcaud.insecure option="+option]; got != 1 {
			t.Errorf("%s: the metric is %v, want 1", side, got)
		}
	}
	if err := server.Swap(company(t)); err != nil {
		t.Fatal(err)
	}
	if got := counted(t, reader)["grpcaud.insecure option="+option]; got != 0 {
		t.Errorf("without it the metric is %v, want 0", got)
	}
}

// TestPlainHTTPLeadsNowhereElse shows that a named host cannot send servers or clients
// to another one: by a redirect, or by its metadata.
func TestPlainHTTPLeadsNowhereElse(t *testing.T) {
	document := func(address string) http.Handler { return published(meshRealm, address+"/jwks") }
	for name, row := range map[string]struct {
		endpoint testutil.Endpoint
		answer   http.Handler
	}{
		"metadata redirected":        {testutil.Discovery, testutil.RespondRedirect("http://evil:8080/realms/corp/.well-known/openid-configuration")},
		"metadata redirected, https": {testutil.Discovery, testutil.RespondRedirect(corp + "/.well-known/openid-configuration")},
		"keys redirected":            {testutil.JWKS, testutil.RespondRedirect("http://evil:8080/jwks")},
		"keys on another host":       {testutil.Discovery, document("http://evil:8080/realms/corp")},
		"keys at another port":       {testutil.Discovery, document("http://keycloak:9090/realms/corp")},
		"keys by https elsewhere":    {testutil.Discovery, document("https://evil.example")},
	} {
		for shape, call := range shapes {
			t.Run(name+"/"+shape, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					issuer, evil := newMeshIssuer(), testutil.NewIssuer(meshRealm, testutil.At("http://evil:8080/realms/corp"))
					issuer.Fault(row.endpoint, row.answer)
					wire := &recorder{RoundTripper: issuer.Transport(evil), hosts: map[string]bool{}}
					conn := connectTo(t, serverOf(t, issuer, company(t, inMesh), interceptor.Transport(wire)))
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
					defer cancel()
					err := call(bearing(ctx, "Bearer "+evil.Mint(good(nil))), conn)
					if status.Code(err) != codes.Unavailable {
						t.Errorf("got %v, want UNAVAILABLE", err)
					}
					if got := wire.elsewhere(); len(got) != 1 || got[0] != "http://keycloak:8080" {
						t.Errorf("asked %q, want the named host alone", got)
					}
				})
			})
		}
	}
}

// TestPlainHTTPOfAClientLeadsNowhereElse shows that the secret of a client is sent to no
// host over plain http but the named one.
func TestPlainHTTPOfAClientLeadsNowhereElse(t *testing.T) {
	for name, answer := range map[string]http.Handler{
		"redirect":     testutil.RespondRedirect("http://evil:8080/token"),
		"another host": testutil.RespondBody("application/json", `{"issuer":"`+meshRealm+`","token_endpoint":"http://evil:8080/token"}`),
	} {
		endpoint := map[bool]testutil.Endpoint{true: testutil.Token, false: testutil.Discovery}[name == "redirect"]
		synctest.Test(t, func(t *testing.T) {
			issuer := newMeshIssuer()
			issuer.Fault(endpoint, answer)
			wire := &recorder{RoundTripper: issuer.Transport(testutil.NewIssuer("http://evil:8080")), hosts: map[string]bool{}}
			client := newClient(t, issuer, company(t, withSecrets(t), inMesh), "customer-portal", interceptor.Transport(wire))
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if err := client.Warm(ctx, "order-status"); err == nil {
				t.Errorf("%s: got a token", name)
			}
			if got := wire.elsewhere(); len(got) != 1 || got[0] != "http://keycloak:8080" {
				t.Errorf("%s: asked %q, want the named host alone", name, got)
			}
		})
	}
}
