package conformance_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/interceptor/extauthz"
	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/testutil"
)

// A rest is an unguarded service over HTTP/1.1 and HTTP/2 that answers every request, and
// says in its answer what it saw.
func newREST(t *testing.T) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Accept")
		_ = json.NewEncoder(w).Encode(map[string]any{"path": r.RequestURI, "header": r.Header})
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// withOperations gives order-status a face over HTTP.
func withOperations(matrix string) string {
	const service = "  order-status:\n    issuer: corp\n"
	return strings.Replace(strings.Replace(matrix, service, service+
		"    authorities: [orders.example.com]\n    http: {operations: {GetOrderStatus: 'GET /v1/orders/{id}', Ping: GET /v1/ping}}\n", 1),
		"public: [", "public: [order-status/Ping, ", 1)
}

// TestExtAuthzHTTP shows which HTTP requests reach a service behind Envoy, and what their
// clients are told. {token} stands for a good token.
func TestExtAuthzHTTP(t *testing.T) {
	if !asked("envoy") {
		idp.Envoy(t, nil) // skips
	}
	a := onLoopback
	a.matrix, a.upstream = withOperations, newREST(t)
	x := newExternal(t, a)
	const here = "Host: orders.example.com\r\n"
	for name, row := range map[string]struct {
		request string
		status  int
		reason  string // of a refusal by the authorization service
	}{
		"an operation":         {"GET /v1/orders/7?a=b HTTP/1.1\r\n" + here + "Authorization: Bearer {token}\r\n", 200, ""},
		"HEAD":                 {"HEAD /v1/orders/7 HTTP/1.1\r\n" + here + "authorization: Bearer {token}\r\n", 200, ""},
		"public":               {"GET /v1/ping HTTP/1.1\r\n" + here, 200, ""},
		"no token":             {"GET /v1/orders/7 HTTP/1.1\r\n" + here, 401, "CREDENTIALS_MISSING"},
		"a forged token":       {"GET /v1/orders/7 HTTP/1.1\r\n" + here + "Authorization: Bearer {token}A\r\n", 401, "TOKEN_INVALID"},
		"two tokens":           {"GET /v1/orders/7 HTTP/1.1\r\n" + here + "Authorization: Bearer {token}\r\nauthorization: Bearer {token}\r\n", 401, "CREDENTIALS_MALFORMED"},
		"a folded header":      {"GET /v1/orders/7 HTTP/1.1\r\n" + here + "Authorization: Bearer\r\n {token}\r\n", 200, ""},
		"a space before colon": {"GET /v1/orders/7 HTTP/1.1\r\n" + here + "Authorization : Bearer {token}\r\n", 400, ""},
		"no operation":         {"GET /v1/parcels HTTP/1.1\r\n" + here + "Authorization: Bearer {token}\r\n", 403, "NO_POLICY"},
		"another method":       {"POST /v1/orders/7 HTTP/1.1\r\n" + here + "Authorization: Bearer {token}\r\nContent-Length: 0\r\n", 403, "NO_POLICY"},
		"a method override":    {"GET /v1/orders/7 HTTP/1.1\r\n" + here + "X-HTTP-Method-Override: DELETE\r\nAuthorization: Bearer {token}\r\n", 403, "NO_POLICY"},
		"dots":                 {"GET /v1/ping/../orders/7 HTTP/1.1\r\n" + here, 401, "CREDENTIALS_MISSING"},
		"an escaped slash":     {"GET /v1/ping%2f..%2forders HTTP/1.1\r\n" + here + "Authorization: Bearer {token}\r\n", 403, "NO_POLICY"},
		"an empty segment":     {"GET //v1/orders/7 HTTP/1.1\r\n" + here + "Authorization: Bearer {token}\r\n", 403, "NO_POLICY"},
		"a host with a dot":    {"GET /v1/orders/7 HTTP/1.1\r\nHost: orders.example.com.\r\nAuthorization: Bearer {token}\r\n", 404, ""},
		"another host":         {"GET /v1/orders/7 HTTP/1.1\r\nHost: hr.example.com\r\nAuthorization: Bearer {token}\r\n", 404, ""},
		"two hosts":            {"GET /v1/orders/7 HTTP/1.1\r\n" + here + "Host: hr.example.com\r\nAuthorization: Bearer {token}\r\n", 404, ""},
		"absolute form":        {"GET http://orders.example.com/v1/orders/7 HTTP/1.1\r\nHost: hr.example.com\r\nAuthorization: Bearer {token}\r\n", 200, ""},
		"a body before":        {"POST /v1/orders/7 HTTP/1.1\r\n" + here + "Content-Length: 1000000\r\n", 401, "CREDENTIALS_MISSING"},
	} {
		request := strings.ReplaceAll(row.request, "{token}", x.token(nil))
		answer, body := sendRaw(t, x.envoy.Target(), request)
		if answer.StatusCode != row.status {
			t.Errorf("%s: got %d, want %d\n%s", name, answer.StatusCode, row.status, body)
		}
		var problem struct{ Reason string }
		if _ = json.Unmarshal(body, &problem); problem.Reason != row.reason {
			t.Errorf("%s: got the reason %q, want %q\n%s", name, problem.Reason, row.reason, body)
		}
		challenge := answer.Header.Get("WWW-Authenticate")
		if (challenge != "") != (row.reason != "") || row.reason != "" && answer.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: got the challenge %q in %q", name, challenge, answer.Header.Get("Content-Type"))
		}
		if answer.StatusCode == 200 && !strings.Contains(strings.Join(answer.Header["Vary"], ","), "Authorization") {
			t.Errorf("%s: got Vary %q, want Authorization in it", name, answer.Header["Vary"])
		}
	}
}

// TestExtAuthzHTTPCaller shows which headers a service over HTTP reads.
func TestExtAuthzHTTPCaller(t *testing.T) {
	if !asked("envoy") {
		idp.Envoy(t, nil) // skips
	}
	a := onLoopback
	a.matrix, a.upstream = withOperations, newREST(t)
	x := newExternal(t, a)
	spoofed := "Host: orders.example.com\r\nX-Grpcaud-Client: root\r\nx-grpcaud-user: root\r\nX_Grpcaud_Client: root\r\nX-Original-URL: /v1/ping\r\nX-Forwarded-User: root\r\n"
	for path, client := range map[string]string{"/v1/orders/7": "customer-portal", "/v1/ping": ""} {
		_, body := sendRaw(t, x.envoy.Target(), "GET "+path+" HTTP/1.1\r\n"+spoofed+"Authorization: Bearer "+x.token(testutil.Claims{"sub": "customer-portal"})+"\r\n")
		var seen struct{ Header http.Header }
		if err := json.Unmarshal(body, &seen); err != nil {
			t.Fatalf("%s: %v\n%s", path, err, body)
		}
		if strings.Contains(string(body), "root") || seen.Header.Get("Authorization") != "" || seen.Header.Get("X-Original-Url") != "" {
			t.Errorf("%s: the service sees what the client wrote: %v", path, seen.Header)
		}
		if got := seen.Header.Get(extauthz.HeaderClient); got != client {
			t.Errorf("%s: the service reads the client %q, want %q", path, got, client)
		}
	}
}

// sendRaw sends a request as it is written, but for its end, and returns the answer.
func sendRaw(t *testing.T, addr, request string) (*http.Response, []byte) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(conn, request+"\r\n"); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	return answer, body
}
