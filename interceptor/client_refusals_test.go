package interceptor_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestRefusalsOfAClientAreReported shows that the log and the metrics of a client say
// which call was refused, ended or not sent, by which service and why; and that a reason
// that a server made up is no label.
func TestRefusalsOfAClientAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, row := range map[string]struct {
			script  audience.Reason
			code    codes.Code
			running bool // the stream ran before
			relays  bool // the refusal has the proof of another call
			once    bool // only the first attempt is refused
			prepare func(*testutil.Issuer)
			want    map[string]any // of the line, beside what all have
			reason  string         // of the series
		}{
			"admitted": {},
			"cured":    {script: audience.ReasonTokenExpired, once: true},
			"refused": {
				script: audience.ReasonAudienceMismatch, reason: "AUDIENCE_MISMATCH",
				want: map[string]any{"level": "WARN", "msg": "call refused by the service", "code": "Unauthenticated", "reason": "AUDIENCE_MISMATCH", "request_id": "r-1"},
			},
			"made up": {
				script: "MADE_UP", code: codes.PermissionDenied, reason: "other",
				want: map[string]any{"level": "WARN", "msg": "call refused by the service", "code": "PermissionDenied", "reason": "MADE_UP", "request_id": "r-1"},
			},
			"ended": {
				script: audience.ReasonTokenExpired, running: true, reason: "TOKEN_EXPIRED",
				want: map[string]any{"level": "INFO", "msg": "stream ended by the service", "code": "Unauthenticated", "reason": "TOKEN_EXPIRED", "request_id": "r-1"},
			},
			"of another call": {script: audience.ReasonTokenExpired, relays: true},
			"not sent": {
				prepare: func(i *testutil.Issuer) {
					i.Register(testutil.Client{ID: "customer-portal", Secret: "changed", Audiences: []string{"order-status"}})
				},
				reason: "TOKEN_NOT_OBTAINED",
				want:   map[string]any{"level": "WARN", "msg": "call not sent", "code": "Unauthenticated", "reason": "TOKEN_NOT_OBTAINED", "request_id": ""},
			},
		} {
			for shape, call := range shapes {
				issuer, written := newIssuer(), &log{}
				if row.prepare != nil {
					row.prepare(issuer)
				}
				counting, reader := meter(t)
				g := &gate{script: []audience.Reason{row.script}, code: row.code, running: row.running, relays: row.relays}
				if row.once {
					g.script = append(g.script, "")
				}
				client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal", counting.(interceptor.Option), interceptor.Logger(slog.New(slog.NewJSONHandler(written, nil))))
				err := call(t.Context(), g.serve(t, client.DialOptions("order-status")...))
				var got []map[string]any
				for _, line := range lines(t, written) {
					if !strings.HasPrefix(line["msg"].(string), "token ") {
						got = append(got, line)
					}
				}
				series := fmt.Sprintf("grpcaud.client.refusals reason=%s rpc.method=%s rpc.service=acme.orders.v1.OrderStatus service=order-status", row.reason, strings.TrimPrefix(methodOfShape[shape], "/acme.orders.v1.OrderStatus/"))
				if n := counted(t, reader)[series]; row.want != nil && n != 1 || row.want == nil && (n != 0 || len(got) != 0) {
					t.Errorf("%s, %s: %v of %s, lines %v", name, shape, n, series, got)
				}
				if row.want == nil {
					continue
				}
				if len(got) != 1 {
					t.Fatalf("%s, %s: lines %v, want one", name, shape, got)
				}
				told := take(got[0], "time", "error")["error"]
				want := map[string]any{"client": "customer-portal", "service": "order-status", "method": methodOfShape[shape]}
				for key, value := range row.want {
					want[key] = value
				}
				if diff := cmp.Diff(want, got[0]); diff != "" {
					t.Errorf("%s, %s (-want +got):\n%s", name, shape, diff)
				}
				unsent := row.reason == "TOKEN_NOT_OBTAINED"
				if text := "(not sent: order-status " + methodOfShape[shape] + ")"; unsent != strings.Contains(fmt.Sprint(told), text) || unsent != strings.Contains(fmt.Sprint(err), text) {
					t.Errorf("%s, %s: error %v in the log of %v", name, shape, told, err)
				}
				secretless(t, name, written.String(), g.tokens...)
			}
		}
	})
}

// TestMethodsOfNoServiceAreNoLabels shows that a call to a method that belongs to none of
// the services of a connection is reported, and that its name is no label.
func TestMethodsOfNoServiceAreNoLabels(t *testing.T) {
	issuer, written := newIssuer(), &log{}
	counting, reader := meter(t)
	client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal", counting.(interceptor.Option), interceptor.Logger(slog.New(slog.NewJSONHandler(written, nil))))
	conn := connect(t, issuer, &orders{}, client.DialOptions("order-status")...)
	const calls = 50
	for n := range calls {
		if err := conn.Invoke(t.Context(), fmt.Sprintf("/acme.made.up.V%d/Get", n), nil, nil); status.Code(err) != codes.Unauthenticated {
			t.Error(err)
		}
	}
	const series = "grpcaud.client.refusals reason=TOKEN_NOT_OBTAINED rpc.method=other rpc.service=other service="
	if got := counted(t, reader); got[series] != calls {
		t.Errorf("%v of %s, want %d, among %v", got[series], series, calls, got)
	}
	if line := lines(t, written)[0]; line["msg"] != "call not sent" || line["method"] != "/acme.made.up.V0/Get" {
		t.Errorf("line %v, want the call", line)
	}
}

// TestRefusalsOfAClientShareLines shows that a service that refuses every call does not
// fill the log of its client, and that Close writes what is counted.
func TestRefusalsOfAClientShareLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for shape, call := range shapes {
			issuer, written := newIssuer(), &log{}
			g := &gate{script: []audience.Reason{audience.ReasonClientNotAllowed}, code: codes.PermissionDenied}
			client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal", interceptor.Logger(slog.New(slog.NewJSONHandler(written, nil))))
			conn := g.serve(t, client.DialOptions("order-status")...)
			for range 100 {
				if err := call(t.Context(), conn); status.Code(err) != codes.PermissionDenied {
					t.Errorf("%s: %v", shape, err)
				}
			}
			client.Close()
			got := lines(t, written)
			if len(got) != 2 || got[1]["msg"] != "more calls refused by the service" || got[1]["repeated"] != 99.0 || got[1]["service"] != "order-status" || got[1]["reason"] != "CLIENT_NOT_ALLOWED" {
				t.Errorf("%s: lines %v, want one and one that counts 99", shape, got)
			}
		}
		time.Sleep(time.Minute)
	})
}

// TestRefusalOfTheNextServiceNamesIt shows that a service which hands on why a call of
// its own failed logs which call that was, and tells its peer nothing of it.
func TestRefusalOfTheNextServiceNamesIt(t *testing.T) {
	for name, row := range map[string]struct {
		script  audience.Reason
		prepare func(*testutil.Issuer)
		reason  string
	}{
		"refused":  {script: audience.ReasonClientNotAllowed, reason: "CLIENT_NOT_ALLOWED"},
		"not sent": {prepare: func(i *testutil.Issuer) { orderStatusAs(func(c *testutil.Client) { c.Exchange = false })(i, "") }, reason: "TOKEN_NOT_OBTAINED"},
	} {
		for shape, call := range shapes {
			issuer, written := newIssuer(), &log{}
			g := &gate{script: []audience.Reason{row.script}, code: codes.PermissionDenied}
			client := newClient(t, issuer, company(t, withSecrets(t)), "order-status")
			further := g.serve(t, client.DialOptionsOnBehalfOf("human-resource")...)
			server := serverOf(t, issuer, company(t), jsonLogger(written))
			served := &orders{inHandler: func(ctx context.Context) error {
				_, err := employee(ctx, further)
				return fmt.Errorf("asking for the employee: %w", err)
			}}
			conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, served) })
			if row.prepare != nil {
				row.prepare(issuer)
			}
			err := call(bearing(t.Context(), "Bearer "+issuer.User("backoffice-portal", "alice", "order-status")), conn)
			if status.Code(err) != codes.Internal || strings.Contains(fmt.Sprint(err), "human") {
				t.Errorf("%s, %s: the peer is told %v", name, shape, err)
			}
			got := lines(t, written)
			refusal, _ := got[len(got)-1]["refusal"].(map[string]any)
			if refusal["service"] != "human-resource" || refusal["method"] != "/acme.hr.v1.HumanResource/GetEmployee" || refusal["reason"] != row.reason {
				t.Errorf("%s, %s: lines %v, want the call that was refused", name, shape, got)
			}
		}
	}
}
