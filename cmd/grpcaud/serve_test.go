package main_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptortest"
)

// shopSet writes the descriptors of the shop into a file.
func shopSet(t *testing.T) string {
	t.Helper()
	data, err := proto.Marshal(descriptortest.Shop())
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "set.binpb", string(data))
}

// lines returns the lines of a server's log about decisions.
func (s *served) lines(t *testing.T) []map[string]any {
	t.Helper()
	var all []map[string]any
	for scanner := bufio.NewScanner(strings.NewReader(s.log.String())); scanner.Scan(); {
		var line map[string]any
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			t.Errorf("log: %q is no JSON: %v", scanner.Text(), err)
		}
		if line["decision"] != nil {
			all = append(all, line)
		}
	}
	return all
}

// TestServe shows that a server admits and refuses by the matrix, and logs each decision.
func TestServe(t *testing.T) {
	f := newField(t)
	f.register("customer-portal", map[string][]string{"order-status": {"orders.read"}, "human-resource": nil})
	s := f.serve(t, "human-resource", "--plaintext")
	for _, row := range []struct {
		client, decision, reason string
		code                     int
		args                     []string
	}{
		{"backoffice-portal", "admitted", "", 0, nil},
		{"order-status", "admitted", "", 0, nil},
		{"backoffice-portal", "admitted", "", 0, []string{"NobodyNamesThis"}},
		{"order-status", "refused", "CLIENT_NOT_ALLOWED", 1, []string{"ListEmployees"}},
		{"customer-portal", "refused", "CLIENT_NOT_ALLOWED", 1, []string{"--anyway"}},
		{"backoffice-portal", "admitted", "", 0, []string{"/grpc.health.v1.Health/Check"}},
	} {
		before := len(s.lines(t))
		f.call(t, s, row.client, row.args...).want(t, row.code, row.reason)
		lines := s.lines(t)[before:]
		last := lines[len(lines)-1] // after those of reflection
		if last["decision"] != row.decision || row.reason != "" && last["reason"] != row.reason {
			t.Errorf("%s, %q: log says %v", row.client, row.args, last)
		}
	}
	if code := s.stop(); code != 0 {
		t.Errorf("exit status = %d when interrupted, want 0\n%s", code, s.log)
	}
}

// TestServeRefusesWhatTheMatrixDoesNotOpen shows that reflection, health and Echo are guarded as
// everything else is.
func TestServeRefusesWhatTheMatrixDoesNotOpen(t *testing.T) {
	f := newField(t)
	f.change(t, "public: [grpc.health.v1.Health, grpc.reflection.v1.ServerReflection]", "")
	s := f.serve(t, "order-status", "--plaintext")
	s.Service = "parcels"
	f.change(t, "parcels.v1.Parcels", "grpc.health.v1.Health, grpc.reflection.v1.ServerReflection, grpcaud.echo.v1.Echo, shop.hr.v1.HumanResource, a.B")
	for _, method := range []string{
		"grpc.health.v1.Health/Check", "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
		"grpcaud.echo.v1.Echo/Say", "grpcaud.echo.v1.Echo/Chat", "shop.hr.v1.HumanResource/GetEmployee", "a.B/C", "a.B/C/D",
	} {
		f.call(t, s, "order-status", method).want(t, 1, "refused: NO_POLICY")
	}
}

// TestServeAnswersAsDescribed shows that with descriptors, calls get the number of replies of
// their kind.
func TestServeAnswersAsDescribed(t *testing.T) {
	f := newField(t)
	f.change(t, "[grpcaud.echo.v1.Echo]", "[shop.other.v1.Other, shop.echo.v1.Echo]")
	f.change(t, `methods: ["*"], scopes: none}`+"\nexternal", "methods: [Say, Repeat, Collect, Chat], scopes: none}\nexternal")
	s := f.serve(t, "echo", "--plaintext", "--descriptors", shopSet(t))
	for _, row := range []struct {
		method, data string
		replies      int
		stream       bool
	}{
		{"Say", "{}", 1, false},
		{"Repeat", "{}", 1, true},
		{"Collect", "{} {} {}", 1, true},
		{"Chat", "{} {} {}", 3, true},
	} {
		r := f.call(t, s, "customer-portal", "shop.echo.v1.Echo/"+row.method, "-d", row.data)
		lines := s.lines(t)
		if got := strings.Count(r.stdout, "{}"); r.code != 0 || got != row.replies || lines[len(lines)-1]["stream"] != row.stream {
			t.Errorf("%s: %d replies, want %d\n%v\n%s", row.method, got, row.replies, lines[len(lines)-1], r.stdout+r.stderr)
		}
	}
	// Of two gRPC services, the method that is meant is that of the one which has it.
	f.run(t, "token", "--as", "customer-portal", "--for", "echo", "--descriptors", shopSet(t)).want(t, 0, "/shop.echo.v1.Echo/Say")
}

// TestServeFollowsTheFile shows that a change of the file takes effect.
func TestServeFollowsTheFile(t *testing.T) {
	f := newField(t)
	s := f.serve(t, "human-resource", "--plaintext")
	f.call(t, s, "order-status").want(t, 0)
	f.change(t, "{clients: [order-status], methods: [GetEmployee], scopes: none}", "{clients: [backoffice-portal], methods: [GetEmployee], scopes: none}")
	s.log.wait(t, "access matrix applied")
	f.call(t, s, "order-status", "GetEmployee", "--anyway").want(t, 1, "CLIENT_NOT_ALLOWED")
}

// TestServeOverTLS shows that a server has a certificate, and a client verifies it.
func TestServeOverTLS(t *testing.T) {
	f := newField(t)
	cert, key, ca := pair(t)
	s := f.serve(t, "order-status", "--tls-cert", cert, "--tls-key", key)
	asked := false
	conn, err := tls.Dial("tcp", s.Addr, &tls.Config{
		InsecureSkipVerify: true, NextProtos: []string{"h2"},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked = true
			return &tls.Certificate{}, nil
		},
	})
	if err != nil || !asked {
		t.Fatalf("asked for a certificate, to which tokens may be bound: %t, %v", asked, err)
	}
	conn.Close()
	s.flags = []string{"--tls-ca", ca}
	f.call(t, s, "customer-portal").want(t, 0, `"bytes": 0`)
	f.call(t, s, "customer-portal", "--authority", "orders.example.com").want(t, 2, `authority "orders.example.com"`)
	f.change(t, "order-status:\n    grpc:", "order-status:\n    authorities: [orders.example.com]\n    grpc:")
	f.call(t, s, "customer-portal", "--authority", "orders.example.com").want(t, 0, `"bytes": 0`)
	s.flags = nil
	f.call(t, s, "customer-portal").want(t, 2, "Unavailable", "certificate")
	s.flags = []string{"--plaintext"}
	f.call(t, s, "customer-portal").want(t, 2, "Unavailable")
}

func TestServeWrongUse(t *testing.T) {
	f := newField(t)
	cert, key, _ := pair(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, row := range []struct {
		want string
		args []string
	}{
		{`missing --service (the service of the matrix to guard)`, []string{"--plaintext"}},
		{`no service "order-statu" in the file, did you mean "order-status"?`, []string{"--service", "order-statu", "--plaintext"}},
		{"give --tls-cert and --tls-key, or --plaintext", []string{"--service", "order-status"}},
		{"--plaintext at 0.0.0.0:0, where others can read tokens", []string{"--service", "order-status", "--plaintext", "--addr", "0.0.0.0:0"}},
		{"address already in use", []string{"--service", "order-status", "--plaintext", "--addr", taken.Addr().String()}},
		{"[plaintext tls-cert]", []string{"--service", "order-status", "--plaintext", "--tls-cert", cert, "--tls-key", key}},
		{"[tls-cert tls-key]", []string{"--service", "order-status", "--tls-cert", cert}},
		{"no such file", []string{"--service", "order-status", "--tls-cert", "missing", "--tls-key", key}},
		{key + " and " + key + ": ", []string{"--service", "order-status", "--tls-cert", key, "--tls-key", key}},
		{"no certificate in it", []string{"--service", "order-status", "--plaintext", "--issuer-ca", key}},
		{"not a FileDescriptorSet", []string{"--service", "order-status", "--plaintext", "--descriptors", f.matrix}},
	} {
		run(t, "", append([]string{"serve", f.matrix}, row.args...)...).want(t, 2, "grpcaud: ", row.want)
	}
}

// TestServeLogsDurationsWithTheirUnit shows that took in the log is not a bare number.
func TestServeLogsDurationsWithTheirUnit(t *testing.T) {
	f := newField(t)
	s := f.serve(t, "order-status", "--plaintext")
	f.call(t, s, "customer-portal").want(t, 0)
	lines := s.lines(t)
	took, _ := lines[len(lines)-1]["took"].(string)
	if _, err := time.ParseDuration(took); err != nil {
		t.Errorf("took is %v, want a duration with its unit", lines[len(lines)-1]["took"])
	}
}

// TestServeWithEchoBesideTheService shows that a short name of a method is not ambiguous because
// Echo is listed too.
func TestServeWithEchoBesideTheService(t *testing.T) {
	f := newField(t)
	for _, list := range []string{"shop.orders.v1.OrderStatus, grpcaud.echo.v1.Echo", "grpcaud.echo.v1.Echo, shop.orders.v1.OrderStatus"} {
		f.text = strings.Replace(strings.Replace(fieldMatrix, "ISSUER", f.issuer.URL(), 1), "    grpc: [grpcaud.echo.v1.Echo]", "    grpc: [shop.other.v1.Other]", 1)
		f.move(t)
		f.change(t, "grpc: [shop.orders.v1.OrderStatus]", "grpc: ["+list+"]")
		f.change(t, "methods: [GetOrderStatus, WatchOrderStatus]", "methods: [GetOrderStatus, WatchOrderStatus, Say]")
		s := f.serve(t, "order-status", "--plaintext")
		f.call(t, s, "customer-portal").want(t, 0, `"bytes": 0`)
		f.call(t, s, "customer-portal", "WatchOrderStatus").want(t, 0, `"bytes": 0`)
		f.call(t, s, "customer-portal", "Say", "-d", `{"text": "a"}`).want(t, 0, `"text": "a"`)
		f.call(t, s, "customer-portal", "--descriptors", shopSet(t), "GetOrderStatus").want(t, 0, "{}")
		f.change(t, list, list+", shop.more.v1.More")
		f.call(t, s, "customer-portal", "GetOrderStatus").want(t, 2, "write the method with its gRPC service, such as shop.")
		f.call(t, s, "customer-portal", "--descriptors", shopSet(t), "GetOrderStatus").want(t, 0, "{}")
	}
}

// TestServeHoldsTheMatrixToTheDescriptors shows that a method without a rule, and a rule without a
// method, are errors at the start, and change nothing later.
func TestServeHoldsTheMatrixToTheDescriptors(t *testing.T) {
	f := newField(t)
	set := shopSet(t)
	f.change(t, `{clients: [backoffice-portal], methods: ["*"], scopes: [orders.write]}`, "{clients: [backoffice-portal], methods: [ListOrders, UpdateOrderStatus], scopes: [orders.write]}")
	good := f.text
	s := f.serve(t, "order-status", "--plaintext", "--descriptors", set)
	for _, row := range []struct{ old, text, want string }{
		{"methods: [GetOrderStatus, WatchOrderStatus]", "methods: [GetOrderStatus]", "WatchOrderStatus has no rule"},
		{"methods: [ListOrders, UpdateOrderStatus]", "methods: [ListOrders, UpdateOrderStatus, DropOrder]", `the matrix names method "DropOrder"`},
	} {
		f.text = good
		f.change(t, row.old, row.text)
		run(t, "", "serve", f.matrix, "--service", "order-status", "--plaintext", "--descriptors", set).want(t, 2, "grpcaud: ", row.want)
	}
	f.call(t, s, "customer-portal", "GetOrderStatus").want(t, 0)
}
