package interceptor_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/schematest"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

const recordedMatrix = `version: 1
issuers:
  corp: {url: https://idp.example.com/realms/corp}
services:
  order-status:
    grpc: [acme.orders.v1.OrderStatus]
    rollout:
      - {mode: observe, until: UNTIL, methods: [UpdateOrderStatus]}
    allow:
      - clients: [customer-portal]
        methods: [GetOrderStatus, WatchOrderStatus]
        scopes: [orders.read]
      - clients: [backoffice-portal]
        methods: ["*"]
        scopes: none
clients:
  customer-portal: {}
  backoffice-portal: {id: bo-7}
  order-status: {}
public: [grpc.health.v1.Health]
`

// recording is a guarded server whose decisions are recorded.
type recording struct {
	issuer *testutil.Issuer
	policy *access.Policy
	conn   *grpc.ClientConn
	path   string
	file   *decision.File
	server *interceptor.Server
	slog   *log
}

func newRecording(t *testing.T, users decision.Users) *recording {
	t.Helper()
	r := &recording{issuer: newIssuer(), path: filepath.Join(t.TempDir(), "decisions.jsonl"), slog: &log{}}
	var err error
	matrix := strings.Replace(recordedMatrix, "UNTIL", time.Now().AddDate(0, 0, 30).Format(time.DateOnly), 1)
	if r.policy, err = policyfile.Parse("access.yaml", []byte(matrix)); err != nil {
		t.Fatal(err)
	}
	r.policy = r.policy.WithGeneration("g-1")
	if r.file, err = decision.OpenFile(r.path, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.file.Close() })
	both := decision.RecorderFunc(func(ctx context.Context, record decision.Record) {
		r.file.Record(ctx, record)
		decision.Logger(slog.New(slog.NewJSONHandler(r.slog, nil))).Record(ctx, record)
	})
	r.server = serverOf(t, r.issuer, r.policy, interceptor.DecisionRecords(both, users))
	r.conn = testutil.Serve(t, r.server.Options(), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, &orders{anyCaller: true})
		hrv1.RegisterHumanResourceServer(s, humanResource{})
		healthpb.RegisterHealthServer(s, healthpb.UnimplementedHealthServer{})
	})
	return r
}

const watchOrders = "/acme.orders.v1.OrderStatus/WatchOrderStatus"

// call makes one call, whose answer is another test's.
func (r *recording) call(ctx context.Context, method string) {
	if method == watchOrders {
		_ = shapes["stream"](ctx, r.conn)
	} else {
		_ = r.conn.Invoke(ctx, method, &emptypb.Empty{}, &emptypb.Empty{})
	}
}

// lines closes the file, holds each line to the schema, and returns the lines without
// what differs between runs. What slog wrote must say the same.
func (r *recording) lines(t *testing.T) []map[string]any {
	t.Helper()
	if err := r.file.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(r.path)
	if err != nil {
		t.Fatal(err)
	}
	got, logged := recordLines(t, string(text)), recordLines(t, r.slog.String())
	if diff := cmp.Diff(got, logged); diff != "" {
		t.Errorf("the file and slog differ (-file +slog):\n%s", diff)
	}
	return got
}

func recordLines(t *testing.T, text string) []map[string]any {
	t.Helper()
	var schema map[string]any
	if err := json.Unmarshal([]byte(decision.Schema()), &schema); err != nil {
		t.Fatal(err)
	}
	record := schema["anyOf"].([]any)[0].(map[string]any)
	record["additionalProperties"] = false
	var all []map[string]any
	for line := range strings.Lines(text) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		delete(v, "level")
		delete(v, "msg")
		if fault := schematest.Fault(record, v); fault != "" {
			t.Errorf("%s: %s", fault, line)
		}
		for _, key := range []string{"time", "duration_ns", "peer"} {
			if v[key] == nil {
				t.Errorf("no %s: %s", key, line)
			}
			delete(v, key)
		}
		all = append(all, v)
	}
	return all
}

// TestDecisionRecordOverTheWire shows the record of each kind of decision, of unary and of
// streaming calls, and that it keeps to the schema.
func TestDecisionRecordOverTheWire(t *testing.T) {
	for name, row := range map[string]struct {
		method, token string // of a unary call, unless it is watchOrders
		claims        testutil.Claims
		want          map[string]any
	}{
		"admitted": {
			method: getOrder, claims: testutil.Claims{"act": testutil.Claims{"sub": "order-status", "act": testutil.Claims{"sub": "bob"}}},
			want: map[string]any{"decision": "admitted", "mode": "enforce", "entry": "services.order-status.allow[0]", "file": "access.yaml", "line": 10.0, "chain": []any{"order-status", "bob"}},
		},
		"admitted service": {
			method: updateOrder, claims: testutil.Claims{"client_id": "bo-7", "sub": "bo-7", "scope": ""},
			want: map[string]any{"decision": "admitted", "client": "bo-7", "client_name": "backoffice-portal", "caller": "service", "user": nil, "scopes": nil, "entry": "services.order-status.allow[1]", "file": "access.yaml", "line": 13.0},
		},
		"stream": {
			method: watchOrders,
			want:   map[string]any{"decision": "admitted", "stream": true, "entry": "services.order-status.allow[0]", "file": "access.yaml", "line": 10.0},
		},
		"wrong audience": {
			method: getOrder, claims: testutil.Claims{"aud": "human-resource"},
			want: map[string]any{"decision": "refused", "reason": "AUDIENCE_MISMATCH", "cause": "AUDIENCE_MISMATCH", "audience": []any{"human-resource"}},
		},
		"wrong audience of a stream": {
			method: watchOrders, claims: testutil.Claims{"aud": "human-resource"},
			want: map[string]any{"decision": "refused", "stream": true, "reason": "AUDIENCE_MISMATCH", "cause": "AUDIENCE_MISMATCH", "audience": []any{"human-resource"}},
		},
		"missing scope": {
			method: getOrder, claims: testutil.Claims{"scope": "orders.write openid"},
			want: map[string]any{"decision": "refused", "reason": "SCOPE_INSUFFICIENT", "cause": "SCOPE_MISSING", "scopes": []any{"orders.write", "openid"}, "entry": "services.order-status.allow[0]", "file": "access.yaml", "line": 10.0},
		},
		"not enforced": {
			method: updateOrder, claims: testutil.Claims{"client_id": "stranger"},
			want: map[string]any{"decision": "would_refuse", "mode": "observe", "client": "stranger", "client_name": nil, "reason": "CLIENT_NOT_ALLOWED", "cause": "CLIENT_NOT_ALLOWED", "entry": "services.order-status.allow[1]", "file": "access.yaml", "line": 13.0},
		},
		"forged":   {method: getOrder, token: "forged", want: map[string]any{"decision": "refused", "reason": "TOKEN_INVALID", "cause": "TOKEN_MALFORMED"}},
		"no token": {method: getOrder, token: "none", want: map[string]any{"decision": "refused", "reason": "CREDENTIALS_MISSING", "cause": "CREDENTIALS_MISSING"}},
		"public":   {method: "/grpc.health.v1.Health/Check", token: "none", want: map[string]any{"decision": "admitted", "service": nil}},
		"no rule":  {method: "/acme.hr.v1.HumanResource/GetEmployee", token: "none", want: map[string]any{"decision": "refused", "service": nil, "reason": "NO_POLICY", "cause": "METHOD_WITHOUT_RULE"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecording(t, decision.KeptUsers())
			want := map[string]any{"type": "grpcaud.decision", "version": 1.0, "method": row.method, "service": "order-status", "caller": "none", "mode": "enforce", "request_id": "r-1", "policy": "g-1"}
			ctx := metadata.AppendToOutgoingContext(t.Context(), "x-request-id", "r-1")
			switch row.token {
			case "none":
			case "":
				maps.Copy(want, map[string]any{"issuer": corp, "preset": "rfc9068", "audience": []any{"order-status"}, "client": "customer-portal", "client_name": "customer-portal", "caller": "user", "user": "alice", "scopes": []any{"orders.read"}, "token": digest("t-1")})
				claims := good(testutil.Claims{"jti": "t-1"})
				maps.Copy(claims, row.claims)
				row.token = r.issuer.Mint(claims)
				fallthrough
			default:
				ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+row.token)
			}
			maps.Copy(want, row.want)
			maps.DeleteFunc(want, func(_ string, v any) bool { return v == nil })
			r.call(ctx, row.method)
			if diff := cmp.Diff([]map[string]any{want}, r.lines(t)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			secretless(t, "record", r.slog.String(), row.token)
		})
	}
}

// TestDecisionRecordOfAStreamThatEnds shows that a stream has a record when it begins, and
// one when it is ended, with the time that it ran.
func TestDecisionRecordOfAStreamThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		records := make(chan decision.Record, 10)
		server := guarded(t, issuer, access.Enforce, interceptor.DecisionRecords(decision.RecorderFunc(func(_ context.Context, r decision.Record) { records <- r }), decision.Users{}))
		conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, endless{}) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_ = shapes["stream"](bearing(ctx, "Bearer "+issuer.Mint(good(testutil.Claims{"exp": time.Now().Add(time.Minute).Unix()}))), conn)
		synctest.Wait()
		close(records)
		begun, ended := <-records, <-records
		if begun.Decision != decision.Admitted || ended.Decision != decision.Ended || ended.Cause != "EXPIRED_MIDSTREAM" || ended.Reason != "TOKEN_EXPIRED" || !ended.Stream || ended.Client != "customer-portal" || ended.Duration < time.Minute || ended.Duration > 2*time.Minute {
			t.Errorf("records %+v and %+v, want one of the beginning and one of the end", begun, ended)
		}
		if begun.User != "" || ended.User != "" {
			t.Errorf("users %q and %q, want them left out", begun.User, ended.User)
		}
		if more, ok := <-records; ok {
			t.Errorf("a further record %+v", more)
		}
	})
}

// TestDecisionRecordsAreNotSampled shows that each of many equal refusals has a record,
// though they share a line of the log.
func TestDecisionRecordsAreNotSampled(t *testing.T) {
	hashed, err := decision.HashedUsers([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	r := newRecording(t, hashed)
	token := r.issuer.Mint(good(testutil.Claims{"scope": "", "act": testutil.Claims{"sub": "bob"}}))
	const calls = 100
	for range calls {
		r.call(bearing(t.Context(), "Bearer "+token), getOrder)
	}
	got := r.lines(t)
	if len(got) != calls {
		t.Fatalf("%d records of %d calls", len(got), calls)
	}
	for _, line := range got {
		chain, _ := line["chain"].([]any)
		if line["user"] != hashed.Format(corp, "alice") || len(chain) != 1 || chain[0] != hashed.Format(corp, "bob") {
			t.Fatalf("user %v and chain %v, want digests", line["user"], chain)
		}
	}
	if strings.Contains(r.slog.String(), "alice") || strings.Contains(r.slog.String(), "bob") {
		t.Error("a user is named in a record with digests")
	}
}

func TestNilRecorderIsAnError(t *testing.T) {
	if _, err := interceptor.NewServer(company(t), interceptor.Services("order-status"), interceptor.DecisionRecords(nil, decision.KeptUsers())); err == nil || !strings.Contains(err.Error(), "recorder") {
		t.Errorf("NewServer: %v, want an error", err)
	}
}
