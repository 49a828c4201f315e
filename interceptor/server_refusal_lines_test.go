package interceptor_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// told adds up the refusals that lines tell of: those that have one, and those
// that are counted in one.
func countRefusals(lines []map[string]any) int {
	n := 0
	for _, line := range lines {
		if !strings.HasPrefix(line["msg"].(string), "more ") {
			n++
		}
		if repeated, ok := line["repeated"].(float64); ok {
			n += int(repeated)
		}
	}
	return n
}

// times has server refuse a call n times.
func times(t *testing.T, n int, server *interceptor.Server, ctx context.Context, method string) {
	t.Helper()
	for range n {
		if err := unary(ctx, server, method); err == nil {
			t.Error("not refused")
		}
	}
}

// TestRepeatedRefusalsShareALine shows that the first refusal of a kind has a line,
// and the first after a window has another, which counts those in between.
func TestRepeatedRefusalsShareALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		written := &log{}
		server := guarded(t, newIssuer(), access.Enforce, jsonLogger(written))
		stranger := from(t.Context(), "10.0.0.1:1")
		times(t, 1000, server, stranger, getOrder)
		time.Sleep(10*time.Second - time.Nanosecond)
		times(t, 1, server, from(t.Context(), "10.0.0.1:2"), getOrder) // the port makes no kind
		if got := lines(t, written); len(got) != 1 || got[0]["repeated"] != nil || got[0]["peer"] != "10.0.0.1:1" {
			t.Fatalf("lines %v, want one of the first", got)
		}
		time.Sleep(time.Nanosecond)
		times(t, 1, server, stranger, getOrder)
		got := lines(t, written)
		if len(got) != 2 || got[1]["msg"] != "call refused" || got[1]["repeated"] != 1000.0 {
			t.Fatalf("lines %v, want a second that counts 1000", got)
		}
		if got[1]["error"] == nil || got[1]["request_id"] == "" {
			t.Errorf("line %v, want the whole story of its own call", got[1])
		}
	})
}

// TestRepeatsAreToldWhenNothingFollows shows that counted refusals have a line within
// about a second after the window's end, once, and that Close writes it at once.
func TestRepeatsAreToldWhenNothingFollows(t *testing.T) {
	for name, end := range map[string]func(*interceptor.Server){
		"the window ends": func(*interceptor.Server) { time.Sleep(12 * time.Second) },
		"Close":           func(s *interceptor.Server) { s.Close() },
	} {
		synctest.Test(t, func(t *testing.T) {
			issuer, written := newIssuer(), &log{}
			server := guarded(t, issuer, access.Enforce, jsonLogger(written))
			times(t, 42, server, from(t.Context(), "10.0.0.1:1", "authorization", "Bearer "+issuer.Mint(good(testutil.Claims{"aud": "x"}))), getOrder)
			end(server)
			synctest.Wait()
			got := lines(t, written)
			if len(got) != 2 {
				t.Fatalf("%s: lines %v, want two", name, got)
			}
			if ids, ok := take(got[1], "time", "request_ids")["request_ids"].([]any); !ok || len(ids) != 8 {
				t.Errorf("%s: request ids %v, want those of the last 8", name, ids)
			}
			want := fmt.Sprint(map[string]any{
				"level": "WARN", "msg": "more calls refused", "method": getOrder, "decision": "refused", "issuer": corp, "client": "customer-portal",
				"peer": "10.0.0.1", "reason": "AUDIENCE_MISMATCH", "cause": "AUDIENCE_MISMATCH", "repeated": 41.0,
			})
			if fmt.Sprint(got[1]) != want {
				t.Errorf("%s: line %v, want %s", name, got[1], want)
			}
			time.Sleep(time.Hour)
			server.Close()
			if n := len(lines(t, written)); n != 2 {
				t.Errorf("%s: %d lines in the end, want no more", name, n)
			}
			times(t, 3, server, from(t.Context(), "10.0.0.1:1"), getOrder) // it is closed, and may still refuse
			time.Sleep(time.Minute)
			if n := countRefusals(lines(t, written)); n != 45 {
				t.Errorf("%s: %d refusals told, want 45", name, n)
			}
		})
	}
}

// TestRepeatsTellTheirRequestIDs shows that the id which a peer was told is in the log
// although its refusal has no line: of the last 8, and of no more, whatever the peer
// calls its request.
func TestRepeatsTellTheirRequestIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		written := &log{}
		server := guarded(t, newIssuer(), access.Enforce, jsonLogger(written))
		want := map[any]bool{}
		for n := range 30 {
			id := fmt.Sprintf("r-%d-%s", n, strings.Repeat("x", 20))
			times(t, 1, server, from(t.Context(), "10.0.0.1:1", "x-request-id", id), getOrder)
			if n >= 30-8 {
				want[id] = true
			}
		}
		time.Sleep(10 * time.Second)
		times(t, 1, server, from(t.Context(), "10.0.0.1:1", "x-request-id", strings.Repeat("x", 1000)), getOrder)
		got := lines(t, written)[1]
		ids, _ := got["request_ids"].([]any)
		for _, id := range ids {
			if !want[id] {
				t.Errorf("id %v, want one of the last", id)
			}
			delete(want, id)
		}
		if len(want) != 0 || got["repeated"] != 29.0 {
			t.Errorf("line %v, which lacks %v", got, want)
		}
		for n := range 20 {
			times(t, 1, server, from(t.Context(), "10.0.0.1:1", "x-request-id", fmt.Sprintf("%0128d", n)), getOrder)
		}
		server.Close()
		if line := lines(t, written)[2]; len(fmt.Sprint(line["request_ids"])) > 400 || line["repeated"] != 20.0 {
			t.Errorf("line %v, want ids of at most 400 bytes", line)
		}
	})
}

// TestKindsHaveTheirOwnLines shows what makes a kind.
func TestKindsHaveTheirOwnLines(t *testing.T) {
	issuer, written := newIssuer(), &log{}
	server := guarded(t, issuer, access.Enforce, jsonLogger(written))
	mint := func(changes testutil.Claims) string { return "Bearer " + issuer.Mint(good(changes)) }
	calls := []struct {
		ctx    context.Context
		method string
	}{
		{from(t.Context(), "10.0.0.1:1"), getOrder},
		{from(t.Context(), "10.0.0.2:1"), getOrder},                                                                             // peer
		{from(t.Context(), "10.0.0.1:1"), updateOrder},                                                                          // method
		{from(t.Context(), "10.0.0.1:1", "authorization", "Bearer x"), getOrder},                                                // reason
		{from(t.Context(), "10.0.0.1:1", "authorization", "Bearer x", "authorization", "Bearer x"), getOrder},                   // another reason
		{from(t.Context(), "10.0.0.1:1", "authorization", mint(testutil.Claims{"client_id": "newsletter"})), getOrder},          // client
		{from(t.Context(), "10.0.0.1:1", "authorization", mint(testutil.Claims{"client_id": "batch"})), getOrder},               // another client
		{from(t.Context(), "10.0.0.1:1", "authorization", mint(testutil.Claims{"client_id": "batch", "scope": nil})), getOrder}, // the same: the client is asked first
		{from(t.Context(), "10.0.0.1:1"), "/acme.a/B"},
		{from(t.Context(), "10.0.0.1:1"), "/acme.c/D"}, // the same: a stranger chose it
	}
	for range 10 {
		for _, c := range calls {
			times(t, 1, server, c.ctx, c.method)
		}
	}
	if n := len(lines(t, written)); n != len(calls)-2 {
		t.Errorf("%d lines, want %d: %s", n, len(calls)-2, written)
	}
	server.Close()
	if n := countRefusals(lines(t, written)); n != 10*len(calls) {
		t.Errorf("%d refusals told, want %d", n, 10*len(calls))
	}
}

// TestRepeatsOverTheWire shows that calls of both shapes share lines, by method.
func TestRepeatsOverTheWire(t *testing.T) {
	for mode, message := range map[access.Mode]string{access.Enforce: "more calls refused", access.Observe: "more calls would be refused"} {
		for shape, do := range shapes {
			written := &log{}
			server := guarded(t, newIssuer(), mode, jsonLogger(written))
			conn := serveOrders(t, server)
			for range 20 {
				if err := do(t.Context(), conn); (err == nil) != (mode != access.Enforce) {
					t.Errorf("%s: %v", shape, err)
				}
			}
			server.Close()
			if got := lines(t, written); len(got) != 2 || got[1]["msg"] != message || countRefusals(got) != 20 {
				t.Errorf("%v, %s: lines %v, want one and one that counts 19", mode, shape, got)
			}
		}
	}
}

// TestEndedStreamsShareALine shows that streams which end together do, too.
func TestEndedStreamsShareALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newReviewServer(t, echo, company(t))
		for range 20 {
			confirm(t, o.open(t, time.Minute))
		}
		time.Sleep(time.Hour)
		if n := strings.Count(o.log.String(), `msg="stream ended"`); n != 1 {
			t.Errorf("%d lines of ends, want 1: %s", n, o.log)
		}
		if got := o.log.String(); !strings.Contains(got, `level=INFO msg="more streams ended"`) || !strings.Contains(got, "repeated=19") {
			t.Errorf("log = %s, want a line that counts 19", got)
		}
	})
}

// TestRefusalsOfOthersShareALine shows that a handler which hands on refusals of
// another service does not fill the log either.
func TestRefusalsOfOthersShareALine(t *testing.T) {
	refused := interceptor.StatusOf(&audience.Refusal{Cause: audience.CauseAudienceMismatch}, "THERE").Err()
	for shape, do := range shapes {
		issuer, written := newIssuer(), &log{}
		server := guarded(t, issuer, access.Enforce, interceptor.Logger(slog.New(slog.NewJSONHandler(written, nil))))
		conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) {
			ordersv1.RegisterOrderStatusServer(s, &orders{inHandler: func(context.Context) error { return refused }})
		})
		for range 20 {
			if err := do(bearing(t.Context(), "Bearer "+issuer.Mint(good(nil))), conn); status.Code(err) != codes.Internal {
				t.Errorf("%s: %v", shape, err)
			}
		}
		server.Close()
		got := lines(t, written)
		if len(got) != 2 || got[0]["msg"] != "a call to another service was refused" || got[1]["msg"] != "more calls to another service were refused" || countRefusals(got) != 20 {
			t.Errorf("%s: lines %v, want one and one that counts 19", shape, got)
		}
		if got[1]["reason"] != "AUDIENCE_MISMATCH" || got[1]["client"] != "customer-portal" {
			t.Errorf("%s: line %v, want the reason and the client", shape, got[1])
		}
	}
}

// TestSampleRefused shows that the window can be set, that each refusal has a line
// with none, and that a negative one is an error.
func TestSampleRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for window, want := range map[time.Duration]int{0: 50, time.Second: 10, time.Minute: 1} {
			written := &log{}
			server := guarded(t, newIssuer(), access.Enforce, jsonLogger(written), interceptor.SampleRefused(window))
			for range 50 {
				times(t, 1, server, from(t.Context(), "10.0.0.1:1"), getOrder)
				time.Sleep(200 * time.Millisecond)
			}
			if n := len(lines(t, written)); n != want {
				t.Errorf("%v: %d lines, want %d", window, n, want)
			}
		}
	})
	if _, err := interceptor.NewServer(company(t), interceptor.Services("order-status"), interceptor.SampleRefused(-1)); err == nil {
		t.Error("a negative window is no error")
	}
}

// TestRepeatsInParallel shows that no refusal is lost or counted twice while calls run
// concurrently and the server is closed.
func TestRepeatsInParallel(t *testing.T) {
	written := &log{}
	server := guarded(t, newIssuer(), access.Enforce, jsonLogger(written), interceptor.SampleRefused(time.Millisecond))
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			for i := range 500 {
				if unary(from(context.Background(), fmt.Sprintf("10.0.%d.%d:1", n, i%50)), server, getOrder) == nil {
					t.Error("not refused")
				}
				if i%100 == 0 {
					server.Close()
				}
			}
		})
	}
	group.Wait()
	server.Close()
	if n := countRefusals(lines(t, written)); n != 8*500 {
		t.Errorf("%d refusals told, want %d", n, 8*500)
	}
}
