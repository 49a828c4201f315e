package interceptor_test

import (
	"os"
	"strings"
	"testing"
	"unicode"

	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestClientThatIsAUserIsNoName shows that a user whom the token names as its client too is
// named as the configuration says, unless the matrix has the client.
func TestClientThatIsAUserIsNoName(t *testing.T) {
	hashed, err := decision.HashedUsers([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	for want, users := range map[string]decision.Users{"": decision.LeftOutUsers(), "alice": decision.KeptUsers(), hashed.Format(corp, "alice"): hashed} {
		for shape, call := range shapes {
			t.Run(users.String()+"/"+shape, func(t *testing.T) {
				r := newRecording(t, users)
				_ = call(bearing(t.Context(), "Bearer "+r.issuer.Mint(good(testutil.Claims{"client_id": "alice", "sub": "alice", "sid": "s"}))), r.conn)
				got := r.lines(t)
				if len(got) != 1 {
					t.Fatalf("%d records of one call", len(got))
				}
				if client, _ := got[0]["client"].(string); client != want || got[0]["caller"] != "user" {
					t.Errorf("client %q of a %v, want %q of a user", client, got[0]["caller"], want)
				}
				if want != "alice" && strings.Contains(r.slog.String(), "alice") {
					t.Error("a user is named")
				}
			})
		}
	}
}

// TestHostileTextInRecords shows that what callers chose makes no second line and no second
// key, and is no command for a terminal or a page.
func TestHostileTextInRecords(t *testing.T) {
	forged := "x\n{\"type\":\"grpcaud.decision\",\"client\":\"admin\"}"
	hostile := []string{forged, "\x1b[2J\x9b1m\u202eevil", `","client":"admin`, "<script>alert(1)</script>", "\x00\x7f\u2028"}
	for shape, call := range shapes {
		t.Run(shape, func(t *testing.T) {
			r := newRecording(t, decision.KeptUsers())
			token := r.issuer.Mint(good(testutil.Claims{"aud": hostile, "azp": "customer-portal", "act": testutil.Claims{"sub": "<b>"}}))
			ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token, "x-request-id", `r","client":"admin`)
			_ = call(ctx, r.conn)
			got := r.lines(t)
			if len(got) != 1 || got[0]["client"] != "customer-portal" || got[0]["request_id"] == `r","client":"admin` {
				t.Fatalf("records %v, want one of customer-portal", got)
			}
			if audience, _ := got[0]["audience"].([]any); len(audience) != len(hostile) || audience[0] != forged {
				t.Errorf("audience %q, want %q", audience, hostile)
			}
			text, err := os.ReadFile(r.path)
			if err != nil {
				t.Fatal(err)
			}
			line := strings.TrimSuffix(string(text), "\n")
			if i := strings.IndexFunc(line, func(c rune) bool { return !unicode.IsPrint(c) || strings.ContainsRune("<>&", c) }); i >= 0 {
				t.Errorf("%q in a line, at %d", line[i:i+1], i)
			}
			secretless(t, "record", line, token)
		})
	}
}
