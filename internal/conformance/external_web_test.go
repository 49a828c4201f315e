package conformance_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/testutil"
)

// withWeb puts the filter for gRPC-Web before the one that asks, and lets a call go on over
// HTTP/2, which gRPC needs.
func withWeb(config []byte) []byte {
	const asks = "- name: envoy.filters.http.ext_authz\n"
	before, after, _ := bytes.Cut(config, []byte(asks))
	at := bytes.LastIndexByte(before, '\n')
	indent := string(before[at+1:])
	filter := "- name: envoy.filters.http.grpc_web\n" + indent + "  typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb}\n" + indent
	config = slices.Concat(before, []byte(filter+asks), after)
	return bytes.Replace(config,
		[]byte("use_downstream_protocol_config:\n            http_protocol_options: {}\n"), []byte("explicit_http_config:\n"), 1)
}

// TestExtAuthzWeb shows that a call of gRPC-Web is judged behind Envoy's filter for it: by
// the authorization service before a service without a guard, and by the interceptors of a
// service that has them.
func TestExtAuthzWeb(t *testing.T) {
	if !asked("envoy") {
		idp.Envoy(t, nil) // skips
	}
	a := onLoopback
	a.matrix, a.config = withOperations, withWeb
	external := newExternal(t, a)
	guarded := external.webToServer(t)
	for name, row := range map[string]struct{ token, want string }{
		"good":             {"Bearer " + external.token(nil), "admitted"},
		"no token":         {"", "CREDENTIALS_MISSING"},
		"forged":           {"Bearer " + external.token(nil) + "A", "TOKEN_INVALID"},
		"another audience": {"Bearer " + external.token(testutil.Claims{"aud": "human-resource"}), "AUDIENCE_MISMATCH"},
		"another client":   {"Bearer " + external.token(testutil.Claims{"azp": "order-status"}), "CLIENT_NOT_ALLOWED"},
	} {
		for _, content := range []string{"application/grpc-web+proto", "application/grpc-web-text"} {
			for _, m := range []method{getOrderStatus, watchOrderStatus} {
				for place, addr := range map[string]string{"without a guard": external.envoy.Target(), "with interceptors": guarded} {
					if got := callWeb(t, addr, m, content, row.token); got != row.want {
						t.Errorf("%s, %s, %s, to a service %s: got %s, want %s", name, content, m.shape, place, got, row.want)
					}
				}
			}
		}
	}
}

// webToServer starts a guarded server and, before it, Envoy that decides nothing.
func (x *external) webToServer(t *testing.T) (addr string) {
	t.Helper()
	admit, err := interceptor.NewServer(x.policy, interceptor.Services("order-status"), append(slices.Clone(x.guards), interceptor.AllowPlaintext(interceptor.Loopback), interceptor.Logger(x.journal.logger()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admit.Close() })
	server := grpc.NewServer(admit.Options()...)
	x.register(t, server, "order-status")
	upstream, _ := listenAndServe(t, "127.0.0.1:0", server)
	config := exported(t, x.path, "--to", "envoy", "--authz", x.addr, "--bootstrap", "--listen", "127.0.0.1:0", "--upstream", upstream)
	return idp.Envoy(t, withoutCheck(t, withWeb(config))).Addr("grpc")
}

// callWeb calls a method over gRPC-Web with an empty message. It returns "admitted", or
// the reason of the refusal.
func callWeb(t *testing.T, addr string, m method, content, authorization string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	message := string(make([]byte, 5))
	if strings.HasSuffix(content, "-text") {
		message = base64.StdEncoding.EncodeToString([]byte(message))
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+m.full, strings.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "orders.example.com"
	r.Header = http.Header{"Content-Type": {content}, "Accept": {content}, "X-Grpc-Web": {"1"}}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(response.Header.Get("Content-Type"), "-text+proto") || strings.HasSuffix(response.Header.Get("Content-Type"), "-text") {
		body = decodeWebText(t, body)
	}
	header := response.Header
	if header.Get("Grpc-Status") == "" {
		header = webTrailers(t, body)
	}
	return webVerdict(t, response.Status, header)
}

// decodeWebText decodes pieces of base64, of which each may be padded.
func decodeWebText(t *testing.T, text []byte) (all []byte) {
	t.Helper()
	for ; len(text) >= 4; text = text[4:] {
		piece, err := base64.StdEncoding.DecodeString(string(text[:4]))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		all = append(all, piece...)
	}
	return all
}

// webTrailers returns the trailers in a body of gRPC-Web.
func webTrailers(t *testing.T, body []byte) http.Header {
	t.Helper()
	for len(body) >= 5 {
		size := 5 + int(binary.BigEndian.Uint32(body[1:5]))
		if size > len(body) {
			break
		}
		if body[0]&0x80 != 0 {
			header, err := textproto.NewReader(bufio.NewReader(strings.NewReader(string(body[5:size]) + "\r\n"))).ReadMIMEHeader()
			if err != nil {
				t.Fatalf("%q: %v", body, err)
			}
			return http.Header(header)
		}
		body = body[size:]
	}
	return http.Header{}
}

func webVerdict(t *testing.T, line string, header http.Header) string {
	t.Helper()
	if header.Get("Grpc-Status") == "0" {
		return "admitted"
	}
	details, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(header.Get("Grpc-Status-Details-Bin"), "="))
	var st statuspb.Status
	if err != nil || proto.Unmarshal(details, &st) != nil {
		t.Fatalf("%s: got %v, want a status", line, header)
	}
	if reason, ok := interceptor.ReasonOf(status.ErrorProto(&st)); ok {
		return string(reason)
	}
	return line + " " + header.Get("Grpc-Status")
}
