package main_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	grpcaud "github.com/grpcaud/grpcaud/cmd/grpcaud"
	"github.com/grpcaud/grpcaud/internal/lockedbuffer"
	"github.com/grpcaud/grpcaud/testutil"
)

// field is an issuer that listens, and the matrix of a company that uses it.
type field struct {
	issuer *testutil.Issuer
	matrix string // the path of the file
	ca     string // the path of the certificate to trust for the issuer
	text   string // of the matrix
}

// fieldMatrix is the matrix of a field, with the issuer's URL to be filled in.
const fieldMatrix = `version: 1
issuers:
  corp: {url: ISSUER, preset: keycloak, ask: audience}
services:
  order-status:
    grpc: [shop.orders.v1.OrderStatus]
    allow:
      - {clients: [customer-portal, backoffice-portal], methods: [GetOrderStatus, WatchOrderStatus], scopes: [orders.read]}
      - {clients: [backoffice-portal], methods: ["*"], scopes: [orders.write]}
  human-resource:
    grpc: [shop.hr.v1.HumanResource]
    allow:
      - {clients: [backoffice-portal], methods: ["*"], scopes: none}
      - {clients: [order-status], methods: [GetEmployee], scopes: none}
  echo:
    grpc: [grpcaud.echo.v1.Echo]
    allow:
      - {clients: [customer-portal], methods: ["*"], scopes: none}
external:
  parcels: {audience: "https://api.parcels.example", grpc: [parcels.v1.Parcels], clients: [order-status]}
clients:
  customer-portal: {secret: {file: customer-portal.secret}}
  backoffice-portal: {secret: {file: backoffice-portal.secret}}
  order-status: {secret: {env: GRPCAUD_TEST_ORDER_STATUS_SECRET}}
public: [grpc.health.v1.Health, grpc.reflection.v1.ServerReflection]
`

// newField returns a field in which the issuer gives what the matrix asks for.
func newField(t *testing.T) *field {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	f := &field{issuer: testutil.NewIssuer("https://"+server.Listener.Addr().String()+"/realms/corp", testutil.Typ("JWT"), testutil.EveryToken(testutil.Claims{"typ": "Bearer"}))}
	server.Config.Handler = f.issuer
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	f.ca = file(t, "issuer.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))

	f.register("customer-portal", map[string][]string{"order-status": {"orders.read"}, "echo": nil})
	f.register("backoffice-portal", map[string][]string{"order-status": {"orders.read", "orders.write"}, "human-resource": nil})
	f.register("order-status", map[string][]string{"human-resource": nil, "https://api.parcels.example": nil})
	t.Setenv("GRPCAUD_TEST_ORDER_STATUS_SECRET", secretOf("order-status"))
	f.text = strings.Replace(fieldMatrix, "ISSUER", f.issuer.URL(), 1)
	f.move(t)
	return f
}

// move writes the matrix to another path: servers follow the one before.
func (f *field) move(t *testing.T) {
	t.Helper()
	f.matrix = file(t, "access.yaml", f.text)
	for _, client := range []string{"customer-portal", "backoffice-portal"} {
		write(t, filepath.Join(filepath.Dir(f.matrix), client+".secret"), secretOf(client)+"\n")
	}
}

func secretOf(client string) string { return "Pst-" + client }

// register has the issuer give a client tokens for these audiences, with scopes.
func (f *field) register(client string, scopes map[string][]string) {
	c := testutil.Client{ID: client, Secret: secretOf(client), Scopes: scopes, Exchange: true}
	for audience := range scopes {
		c.Audiences = append(c.Audiences, audience)
	}
	f.issuer.Register(c)
}

// change replaces text in the matrix.
func (f *field) change(t *testing.T, old, text string) {
	t.Helper()
	if !strings.Contains(f.text, old) {
		t.Fatalf("the matrix has no %q", old)
	}
	f.text = strings.Replace(f.text, old, text, 1)
	write(t, f.matrix, f.text)
}

// run runs a command on the field's matrix. Its output must hold no secret.
func (f *field) run(t *testing.T, command string, args ...string) result {
	t.Helper()
	r := run(t, "", append([]string{command, f.matrix, "--issuer-ca", f.ca}, args...)...)
	withoutSecrets(t, r.stdout+r.stderr)
	return r
}

// claims returns the claims of a token.
func (f *field) claims(token string) testutil.Claims {
	claims := testutil.Claims{}
	if parts := strings.Split(token, "."); len(parts) == 3 {
		payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
		_ = json.Unmarshal(payload, &claims)
	}
	return claims
}

var jwt = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`)

// withoutSecrets checks that text holds no secret and no token.
func withoutSecrets(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, "Pst-") || jwt.MatchString(text) {
		t.Errorf("a secret was written:\n%s", text)
	}
}

// steady replaces what differs from one run to the next.
func (f *field) steady(text string) string {
	text = strings.ReplaceAll(text, f.issuer.URL(), "https://idp.example.com/realms/corp")
	text = strings.ReplaceAll(text, filepath.Dir(f.matrix), "/etc/grpcaud")
	for _, x := range []struct{ pattern, to string }{
		{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`, "2000-01-01T00:00:00Z"},
		{`\b(exp"?:?\s+|iat"?:?\s+)\d{9,}`, `${1}946684800`},
		{`, in \d+ (s|min)|, \d+ s ago`, ""},
		{`\b[A-Z2-7]{26}\b`, "ABC"},
	} {
		text = regexp.MustCompile(x.pattern).ReplaceAllString(text, x.to)
	}
	return text
}

// served is a server that runs.
type served struct {
	Addr, Service string
	Metrics       string
	Services      []string
	flags         []string // for calls of it
	log           *growing
	stop          func() int // ends it, and returns its exit status
}

// serve runs the command serve on loopback, until the test ends.
func (f *field) serve(t *testing.T, service string, args ...string) *served {
	t.Helper()
	s := f.start(t, append([]string{"serve", f.matrix, "--service", service}, args...)...)
	s.flags = []string{"--plaintext"}
	if s.Service != service {
		t.Fatalf("serve: for service %q, want %q", s.Service, service)
	}
	return s
}

// start runs a command that serves, until the test ends.
func (f *field) start(t *testing.T, args ...string) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &served{log: &growing{grown: make(chan struct{})}}
	in, out := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- grpcaud.Run(ctx, append(args, "--issuer-ca", f.ca), strings.NewReader(""), out, s.log)
		out.Close()
	}()
	s.stop = sync.OnceValue(func() int {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		s.stop()
		withoutSecrets(t, s.log.String())
	})
	ready, err := bufio.NewReader(in).ReadBytes('\n')
	if err != nil || json.Unmarshal(ready, s) != nil {
		t.Fatalf("%q: %q, %v\n%s", args, ready, err, s.log)
	}
	return s
}

// call runs the command call against a server.
func (f *field) call(t *testing.T, s *served, client string, args ...string) result {
	t.Helper()
	return f.run(t, "call", append(append([]string{"--as", client, "--for", s.Service, "--addr", s.Addr}, s.flags...), args...)...)
}

// buffer may be written and read at the same time.
type buffer = lockedbuffer.Buffer

// pair writes a certificate for loopback, its key and its authority into files.
func pair(t *testing.T) (cert, key, ca string) {
	t.Helper()
	authority := testutil.NewCA()
	c := authority.Certificate("127.0.0.1", "orders.example.com")
	private, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	in := func(name, kind string, der []byte) string {
		return file(t, name, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
	}
	return in("tls.crt", "CERTIFICATE", c.Certificate[0]), in("tls.key", "PRIVATE KEY", private), file(t, "ca.pem", string(authority.PEM()))
}
