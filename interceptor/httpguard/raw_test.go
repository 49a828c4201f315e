package httpguard_test

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/interceptor"
)

// plain is the set-up of a server without TLS, to which tests write bytes of their own.
func plain() setup {
	return setup{plaintext: true, addresses: "127.0.0.1:0", server: []interceptor.ServerOption{interceptor.AllowPlaintext(interceptor.Loopback)}}
}

// raw sends bytes and returns the answer to the first request in them.
func (w *world) raw(t testing.TB, request string) answer {
	t.Helper()
	conn := w.connect(t)
	defer conn.Close()
	go func() { _, _ = io.WriteString(conn, request) }() // the server may answer before it has read all
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.100q: %v", request, err)
	}
	return read(resp)
}

func (w *world) connect(t testing.TB) net.Conn {
	t.Helper()
	conn, err := w.dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func thumbprint(c tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// TestAmbiguousTargetsAreRefused shows that a request which two servers could read
// differently is refused although the caller may call every operation it could mean.
func TestAmbiguousTargetsAreRefused(t *testing.T) {
	var ran atomic.Int32
	s := plain()
	s.handle = func(http.ResponseWriter, *http.Request) { ran.Add(1) }
	w := newWorld(t, s)
	bearer := "Authorization: Bearer " + w.issuer.Mint(good(nil)) + "\r\n"
	const ok = "Host: " + host + "\r\n"
	for _, row := range []struct {
		name, line, headers string
		byNetHTTP           bool
	}{
		{"dot segment", "GET /v1/./orders/7", ok, false},
		{"two dots", "GET /v1/x/../orders/7", ok, false},
		{"two dots at the end", "GET /v1/orders/..", ok, false},
		{"escaped dots", "GET /v1/x/%2e%2e/orders/7", ok, false},
		{"half escaped dots", "GET /v1/x/.%2E/orders/7", ok, false},
		{"an escaped dot in a name", "GET /v1/orders/7%2Ejson", ok, false},
		{"empty segment", "GET /v1//orders/7", ok, false},
		{"empty first segment", "GET //v1/orders/7", ok, false},
		{"empty last segments", "GET /v1/orders/7//", ok, false},
		{"escaped slash", "GET /v1/orders%2F7", ok, false},
		{"escaped slash in lower case", "GET /v1/orders/a%2fb", ok, false},
		{"backslash", `GET /v1\orders\7`, ok, false},
		{"escaped backslash", "GET /v1/orders/a%5Cb", ok, false},
		{"escaped NUL", "GET /v1/orders/7%00", ok, false},
		{"escaped line end", "GET /v1/orders/7%0d%0aX", ok, false},
		{"escaped twice", "GET /v1/orders/7%252e", ok, false},
		{"an escape of escapes", "GET /v1/orders/7%25%32%66", ok, false},
		{"parameters of a segment", "GET /v1/orders;a=b/7", ok, false},
		{"parameters of dots", "GET /v1/orders/..;", ok, false},
		{"escaped semicolon", "GET /v1/orders/7%3Bx", ok, false},
		{"not UTF-8", "GET /v1/orders/%c0%ae", ok, false},
		{"a byte outside ASCII", "GET /v1/orders/\xc3\xa9", ok, false},
		{"a fragment", "GET /v1/orders/7#x", ok, false},
		{"absolute", "GET http://" + host + "/v1/orders/7", ok, false},
		{"absolute for another host", "GET http://evil.example/v1/orders/7", ok, false},
		{"asterisk", "GET *", ok, false},
		{"no path", "OPTIONS *x", ok, true},
		{"trailing dot", "GET /v1/orders/7", "Host: " + host + ".\r\n", false},
		{"trailing dot before the port", "GET /v1/orders/7", "Host: " + host + ".:443\r\n", false},
		{"user in the host", "GET /v1/orders/7", "Host: a@" + host + "\r\n", true},
		{"two hosts", "GET /v1/orders/7", "Host: " + host + ",evil.example\r\n", false},
		{"an escape in the host", "GET /v1/orders/7", "Host: orders%2eexample.com\r\n", false},
		{"CONNECT", "CONNECT " + host + ":443", ok, false},
		{"CONNECT of a path", "CONNECT /v1/orders/7", ok, false},
		{"TRACE", "TRACE /v1/orders/7", ok, false},
		{"method in lower case", "get /v1/orders/7", ok, false},
		{"method override", "POST /v1/orders/7/events", ok + "X-HTTP-Method-Override: DELETE\r\n", false},
		{"method override, short", "POST /v1/orders/7/events", ok + "X-HTTP-Method: DELETE\r\n", false},
		{"method override, other", "POST /v1/orders/7/events", ok + "x-method-override: DELETE\r\n", false},
		{"upgrade", "GET /v1/orders/7/events", ok + "Connection: upgrade\r\nUpgrade: websocket\r\n", false},
		{"upgrade after h2c", "GET /v1/orders/7/events", ok + "Connection: upgrade\r\nUpgrade: h2c, WebSocket\r\n", false},
	} {
		got := w.raw(t, row.line+" HTTP/1.1\r\n"+row.headers+bearer+"\r\n")
		if v := (verdict{got.status, got.problem.Reason}); v != noPolicy && !(v == verdict{400, ""} && row.byNetHTTP) {
			t.Errorf("%s: %v, want %v (by net/http: %v)", row.name, v, noPolicy, row.byNetHTTP)
		}
		if n := ran.Swap(0); n != 0 {
			t.Errorf("%s: the handler ran", row.name)
		}
	}
	if got := w.raw(t, "GET /v1/orders/7 HTTP/1.1\r\n"+ok+bearer+"\r\n"); got.status != 200 || ran.Load() != 1 {
		t.Errorf("%d: the same caller is refused where nothing is wrong", got.status)
	}
}

// TestSmuggledCredentials shows that of several authorization headers, in whatever form,
// none is chosen.
func TestSmuggledCredentials(t *testing.T) {
	w := newWorld(t, plain())
	token := w.issuer.Mint(good(nil))
	const line = "GET " + getting + " HTTP/1.1\r\nHost: " + host + "\r\n"
	for _, row := range []struct {
		name, rest string
		want       verdict
	}{
		{"twice", "Authorization: Bearer " + token + "\r\nAuthorization: Bearer " + token + "\r\n", malformed},
		{"in two cases", "authorization: Bearer " + token + "\r\nAUTHORIZATION: Bearer " + token + "\r\n", malformed},
		{"another first", "Authorization: Basic YTpi\r\nAuthorization: Bearer " + token + "\r\n", malformed},
		{"an empty one first", "Authorization:\r\nAuthorization: Bearer " + token + "\r\n", malformed},
		{"two in one", "Authorization: Bearer " + token + ", Bearer " + token + "\r\n", malformed},
		{"folded in the token", "Authorization: Bearer " + token[:9] + "\r\n " + token[9:] + "\r\n", malformed},
		{"a space before the colon", "Authorization : Bearer " + token + "\r\n", verdict{400, ""}},
		{"an underscore", "Author_ization: Bearer " + token + "\r\n", missing},
		{"in the query", "", missing},
		{"under another name", "X-Authorization: Bearer " + token + "\r\nProxy-Authorization: Bearer " + token + "\r\nCookie: access_token=" + token + "\r\n", missing},
	} {
		first := line
		if row.name == "in the query" {
			first = strings.Replace(line, getting, getting+"?access_token="+token+"&authorization=Bearer+"+token, 1)
		}
		got := w.raw(t, first+row.rest+"\r\n")
		if v := (verdict{got.status, got.problem.Reason}); v != row.want {
			t.Errorf("%s: %v, want %v", row.name, v, row.want)
		}
	}
	form := "access_token=" + token
	got := w.raw(t, "POST "+watching+" HTTP/1.1\r\nHost: "+host+"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "+strconv.Itoa(len(form))+"\r\n\r\n"+form)
	if v := (verdict{got.status, got.problem.Reason}); v != missing {
		t.Errorf("in a form: %v, want %v", v, missing)
	}
	// RFC 9112, section 5.2: a folded line is the same as one with a space.
	if got := w.raw(t, line+"Authorization: Bearer\r\n "+token+"\r\n\r\n"); got.status != 200 {
		t.Errorf("folded before the token: %d, want 200", got.status)
	}
}

// TestBodyIsNotReadBeforeARefusal shows that the refusal does not wait for the body, that
// nobody is told to send it, and that what looks like a request in a body is none.
func TestBodyIsNotReadBeforeARefusal(t *testing.T) {
	w := newWorld(t, plain())
	const line = "POST " + watching + " HTTP/1.1\r\nHost: " + host + "\r\n"
	for name, rest := range map[string]string{
		"announced":          "Content-Length: 1000\r\n\r\n",
		"begun":              "Content-Length: 1000\r\n\r\nabc",
		"chunked":            "Transfer-Encoding: chunked\r\n\r\n",
		"expecting 100":      "Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n",
		"large":              "Content-Length: 1000000000\r\n\r\n",
		"chunked, expecting": "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
	} {
		if got := w.raw(t, line+rest); (verdict{got.status, got.problem.Reason}) != missing {
			t.Errorf("%s: %d %s, want %v", name, got.status, got.problem.Reason, missing)
		}
	}
	conn := w.connect(t)
	defer conn.Close()
	body := "GET /version HTTP/1.1\r\nHost: x\r\n\r\n"
	sent := line + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body + line + "Content-Length: 0\r\n\r\n"
	go func() { _, _ = io.WriteString(conn, sent) }()
	reader := bufio.NewReader(conn)
	resp, err := http.ReadResponse(reader, &http.Request{Method: "POST"})
	if err != nil {
		t.Fatal(err)
	}
	if got := read(resp); (verdict{got.status, got.problem.Reason}) != missing {
		t.Errorf("%d %s, want %v", got.status, got.problem.Reason, missing)
	}
	if rest, err := io.ReadAll(reader); err != nil || len(rest) > 0 {
		t.Errorf("after the refusal: %q, %v, want the end of the connection", rest, err)
	}
}

// TestAuthorityAndHostAreNotBoth shows that a request of HTTP/2 with an authority and a
// host, of which a proxy behind could take the other one, is refused.
func TestAuthorityAndHostAreNotBoth(t *testing.T) {
	w := newWorld(t, setup{})
	for _, hosts := range [][]string{nil, {host}, {"evil.example"}} {
		r := httptest.NewRequest("GET", getting, nil)
		r.TLS, r.Header = &tls.ConnectionState{}, http.Header{"Authorization": {"Bearer " + w.issuer.Mint(good(nil))}}
		if hosts != nil {
			r.Header["Host"] = hosts
		}
		answer := httptest.NewRecorder()
		w.handler.ServeHTTP(answer, r)
		if want := map[bool]int{true: 200, false: 403}[hosts == nil]; answer.Code != want {
			t.Errorf("host %q beside the authority: %d, want %d", hosts, answer.Code, want)
		}
	}
}

// TestLongHeadersAreRefusedByNetHTTP shows what becomes of headers that are too long for
// the server, and of a token that is too long for the guard.
func TestLongHeadersAreRefusedByNetHTTP(t *testing.T) {
	w := newWorld(t, plain())
	for size, want := range map[int]verdict{20 << 10: malformed, 2 << 20: {http.StatusRequestHeaderFieldsTooLarge, ""}} {
		got := w.raw(t, "GET "+getting+" HTTP/1.1\r\nHost: "+host+"\r\nAuthorization: Bearer "+strings.Repeat("a", size)+"\r\n\r\n")
		if v := (verdict{got.status, got.problem.Reason}); v != want {
			t.Errorf("%d bytes: %v, want %v", size, v, want)
		}
	}
}
