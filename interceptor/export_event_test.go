package interceptor

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/status"
)

// Cut lets tests see how texts are cut.
var Cut = cut

// Kinds returns how many kinds of refusals are remembered.
func Kinds(s *Server) int {
	r := &s.journal.log.repeats
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.classes[0].kinds) + len(r.classes[1].kinds)
}

// StatusOf and ChallengeOf let tests reach causes that no call brings about.
var (
	StatusOf = func(err error, requestID string) *status.Status {
		return statusWith(err, map[string]string{"request_id": requestID})
	}
	ChallengeOf = challenge
)

// AddTo returns what adds to a table of this bound.
func AddTo(bound int) func(key int, fresh func() *int) (*int, bool) {
	return (&table[int, *int]{bound: bound}).add
}

// Recorder returns what tells of one decision of s.
func Recorder(t testing.TB, s *Server, token, method string, err error) func(context.Context) {
	t.Helper()
	claims, failed := s.verifier.Verify(t.Context(), token)
	if failed != nil {
		t.Fatal(failed)
	}
	guard := s.guard.Load()
	return func(ctx context.Context) {
		s.record(ctx, decision{method: method, rule: guard.Rule(method), claims: claims, err: err, began: time.Now()})
	}
}
