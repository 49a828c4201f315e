package interceptor_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestDecisionHasOneLine shows the content of the one line of each kind of decision.
func TestDecisionHasOneLine(t *testing.T) {
	issuer := newIssuer()
	genuine := map[string]any{"issuer": corp, "client": "customer-portal", "user": "alice", "chain": []any{"mobile-app"}, "token": digest("t-1")}
	for name, row := range map[string]struct {
		mode   access.Mode
		method string
		claims testutil.Claims
		want   map[string]any // beside those of genuine, where method has a rule
	}{
		"admitted": {
			access.Enforce, getOrder, nil,
			map[string]any{"level": "DEBUG", "msg": "call admitted", "decision": "admitted", "mode": "enforce"},
		},
		"refused": {
			access.Enforce, getOrder,
			testutil.Claims{"aud": "human-resource"},
			map[string]any{"level": "WARN", "msg": "call refused", "decision": "refused", "mode": "enforce", "reason": "AUDIENCE_MISMATCH", "cause": "AUDIENCE_MISMATCH", "code": "Unauthenticated"},
		},
		"would be refused": {
			access.Observe, updateOrder,
			testutil.Claims{"scope": "orders.write"},
			map[string]any{"level": "WARN", "msg": "call would be refused", "decision": "would_refuse", "mode": "observe", "reason": "SCOPE_INSUFFICIENT", "cause": "SCOPE_MISSING", "code": "PermissionDenied"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			written := &log{}
			server := guarded(t, issuer, row.mode, jsonLogger(written))
			claims := good(testutil.Claims{"jti": "t-1", "act": testutil.Claims{"sub": "mobile-app"}})
			maps.Copy(claims, row.claims)
			token := issuer.Mint(claims)
			_ = call(t.Context(), server, row.method, token) // its answer is another test's
			got := lines(t, written)
			if len(got) != 1 {
				t.Fatalf("%d lines, want 1: %v", len(got), got)
			}
			story := take(got[0], "time", "took", "error", "explain", "request_id")
			want := maps.Clone(genuine)
			maps.Copy(want, row.want)
			want["method"], want["stream"] = row.method, false
			if diff := cmp.Diff(want, got[0]); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
			for key, told := range map[string]bool{"took": true, "error": row.want["cause"] != nil, "explain": row.want["cause"] != nil} {
				if (story[key] != nil && story[key] != "") != told {
					t.Errorf("%s = %v, want it to be told: %t", key, story[key], told)
				}
			}
			if cause, ok := row.want["cause"].(string); ok && !strings.HasPrefix(fmt.Sprint(story["explain"]), cause+" by services.order-status.allow[0]; ") {
				t.Errorf("explain = %v, want the story of %s", story["explain"], cause)
			}
			secretless(t, "log", written.String(), token)
		})
	}
}

// take moves members out of a line, those whose values vary.
func take(line map[string]any, names ...string) map[string]any {
	taken := map[string]any{}
	for _, name := range names {
		taken[name] = line[name]
		delete(line, name)
	}
	return taken
}

func digest(id string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(id)))[:16] }

// TestLineOfACallWithoutAGenuineToken shows that a call has one line whatever its peer
// sends, with no token in it and nothing that looks like a second line.
func TestLineOfACallWithoutAGenuineToken(t *testing.T) {
	issuer := newIssuer()
	written := &log{}
	server := guarded(t, issuer, access.Enforce, jsonLogger(written), interceptor.SampleRefused(0))
	secret := strings.Repeat("s3cret", 12)
	for n, token := range []string{
		secret,
		secret + "." + secret + "." + secret,
		issuer.Mint(good(testutil.Claims{"iss": "https://evil.example/\nlevel=ERROR " + secret})),
		issuer.Mint(good(testutil.Claims{"aud": "x\nmsg=\"call admitted\""})),
		issuer.Mint(good(nil), testutil.Header("alg", "none")),
		issuer.Mint(good(nil), testutil.Header("kid", "k\r\nreason=none"), testutil.Header("typ", "evil")),
	} {
		before := len(lines(t, written))
		if err := call(t.Context(), server, getOrder, token); err == nil {
			t.Errorf("token %d was admitted", n)
		}
		got := lines(t, written)[before:]
		if len(got) != 1 || got[0]["decision"] != "refused" {
			t.Errorf("token %d: lines %v, want one that refuses it", n, got)
		}
		secretless(t, fmt.Sprintf("the line of token %d", n), fmt.Sprint(got), token)
	}
}

// unwilling is a handler that wants no line, and fails the test for each that
// it is given.
type unwilling struct {
	slog.Handler
	t     *testing.T
	asked []slog.Level
}

func (h *unwilling) Enabled(_ context.Context, level slog.Level) bool {
	h.asked = append(h.asked, level)
	return false
}

func (h *unwilling) Handle(_ context.Context, r slog.Record) error {
	h.t.Errorf("a line that nobody wants: %v", r)
	return nil
}

// TestDisabledLevelCostsNothing shows that the logger is asked whether a level is
// enabled before anything else, and once.
func TestDisabledLevelCostsNothing(t *testing.T) {
	issuer := newIssuer()
	h := &unwilling{t: t, Handler: slog.DiscardHandler}
	server := guarded(t, issuer, access.Enforce, interceptor.Logger(slog.New(h)))
	h.asked = nil // by the warnings of the matrix
	for _, scope := range []string{"orders.read", "none"} {
		_ = call(t.Context(), server, getOrder, issuer.Mint(good(testutil.Claims{"scope": scope})))
	}
	if want := []slog.Level{slog.LevelDebug, slog.LevelWarn}; !slices.Equal(h.asked, want) {
		t.Errorf("asked about %v, want %v", h.asked, want)
	}
}

func TestSampleAdmitted(t *testing.T) {
	issuer := newIssuer()
	token := issuer.Mint(good(nil))
	for oneIn, bounds := range map[int]struct{ least, most int }{1: {400, 400}, 4: {50, 150}, 1 << 60: {0, 0}} {
		written := &log{}
		server := guarded(t, issuer, access.Enforce, interceptor.Logger(slog.New(slog.NewJSONHandler(written, nil))), interceptor.SampleAdmitted(oneIn))
		for range 400 {
			if err := call(t.Context(), server, getOrder, token); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(lines(t, written)); n < bounds.least || n > bounds.most {
			t.Errorf("one in %d: %d lines of 400 calls, want %d to %d", oneIn, n, bounds.least, bounds.most)
		}
	}
}

// TestLineOfAStream shows that the line of a stream says so, and has the time that the
// decision took, not the stream.
func TestLineOfAStream(t *testing.T) {
	for shape, do := range shapes {
		issuer, written := newIssuer(), &log{}
		server := guarded(t, issuer, access.Enforce, jsonLogger(written))
		conn := serveOrders(t, server)
		if err := do(bearing(t.Context(), "Bearer "+issuer.Mint(good(nil))), conn); err != nil {
			t.Fatal(err)
		}
		got := lines(t, written)
		if len(got) != 1 || got[0]["stream"] != (shape == "stream") || got[0]["took"].(float64) > float64(time.Minute) {
			t.Errorf("%s: lines %v, want one of that shape", shape, got)
		}
	}
}

// allRevoked knows that every token was revoked.
type allRevoked struct{}

func (allRevoked) Revoked(context.Context, *claims.Claims) error {
	return &audience.Refusal{Cause: audience.CauseRevoked}
}

// TestLinesOfRefusalsAreShort shows that the line of an ordinary refusal has less than
// 1 KiB, with the entry of the matrix and every check that fails, and that the checks
// that pass are named alone.
func TestLinesOfRefusalsAreShort(t *testing.T) {
	for explain, claims := range map[string]testutil.Claims{
		"AUDIENCE_MISMATCH by services.order-status.allow[0]; passed: issuer, expiry, not before, issued at, lifetime, client, scopes": {"aud": "human-resource"},
		"AUDIENCE_MISMATCH by services.order-status.allow[0]; also failed: scopes (got scopes \"orders.list\", want \"orders.read\"); " +
			"passed: issuer, expiry, not before, issued at, lifetime, client": {"aud": "human-resource", "scope": "orders.list"},
		"SCOPE_MISSING by services.order-status.allow[0]; passed: issuer, audience, expiry, not before, issued at, lifetime, client": {"scope": "orders.list"},
	} {
		issuer, written := newIssuer(), &log{}
		server := guarded(t, issuer, access.Enforce, jsonLogger(written))
		_ = unary(from(t.Context(), "10.0.0.1:4000", "user-agent", "grpc-go/1.85.0", "authorization", "Bearer "+issuer.Mint(good(claims))), server, getOrder)
		line := lines(t, written)[0]
		if line["explain"] != explain || len(written.String()) > 1<<10 {
			t.Errorf("%d bytes, explain\n%v, want less than 1 KiB and\n%s", len(written.String()), line["explain"], explain)
		}
	}
}

// TestRefusalBeforeTheRuleIsNotExplainedByIt shows that a refusal of a token that no
// rule has judged is not explained by the rule, which would admit it.
func TestRefusalBeforeTheRuleIsNotExplainedByIt(t *testing.T) {
	issuer, written := newIssuer(), &log{}
	server := guarded(t, issuer, access.Enforce, jsonLogger(written), interceptor.Revocations(allRevoked{}))
	_ = call(t.Context(), server, getOrder, issuer.Mint(good(nil)))
	if line := lines(t, written)[0]; line["cause"] != string(audience.CauseRevoked) || line["explain"] != nil {
		t.Errorf("line %v, want the cause and no story", line)
	}
}

// TestLogOfMatrix shows that the log warns of what is rarely intended in a matrix, and
// that a logger for warnings has no line of an admitted call.
func TestLogOfMatrix(t *testing.T) {
	issuer, written := newIssuer(), &log{}
	idle := company(t, func(m *access.Matrix) { m.Clients["idle"] = access.Client{} })
	server := serverOf(t, issuer, idle, interceptor.Logger(slog.New(slog.NewJSONHandler(written, &slog.HandlerOptions{Level: slog.LevelWarn}))))
	if !strings.Contains(written.String(), `no rule names client \"idle\"`) {
		t.Errorf("log = %s, want the warning", written)
	}
	before := len(lines(t, written))
	if err := call(t.Context(), server, getOrder, issuer.Mint(good(nil))); err != nil {
		t.Fatal(err)
	}
	if got := lines(t, written)[before:]; len(got) != 0 {
		t.Errorf("lines of an admitted call: %v, want none", got)
	}
}
