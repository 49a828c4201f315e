package tokensource_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

// TestRequestsThatDifferInSpellingShareAToken shows also that requests with different
// answers do not.
func TestRequestsThatDifferInSpellingShareAToken(t *testing.T) {
	alice, bob := tokensource.NewToken("alice", time.Time{}), tokensource.NewToken("bob", time.Time{})
	base := tokensource.Request{Audience: "a", Also: []string{"b", "c"}, Scope: "r w", Subject: alice, SubjectIssuer: issuer, Actor: bob}
	w := &wire{token: always(reply(200, grant("t", `"expires_in":300`)))}
	s := newSource(t, w)
	if _, err := s.Token(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name   string
		change func(*tokensource.Request)
		shared bool
	}{
		{"nothing", func(*tokensource.Request) {}, true},
		{"order of scopes", func(r *tokensource.Request) { r.Scope = "w r" }, true},
		{"spaces", func(r *tokensource.Request) { r.Scope = " r  w\t" }, true},
		{"scope twice", func(r *tokensource.Request) { r.Scope = "r w r" }, true},
		{"order of the further audiences", func(r *tokensource.Request) { r.Also = []string{"c", "b"} }, true},
		{"copy of a token", func(r *tokensource.Request) { r.Subject = tokensource.NewToken("alice", time.Time{}) }, true},
		{"audience", func(r *tokensource.Request) { r.Audience = "d" }, false},
		{"which audience is the first", func(r *tokensource.Request) { r.Audience, r.Also = "b", []string{"a", "c"} }, false},
		{"fewer audiences", func(r *tokensource.Request) { r.Also = []string{"b"} }, false},
		{"two audiences in one", func(r *tokensource.Request) { r.Also = []string{`b" "c`} }, false},
		{"scope", func(r *tokensource.Request) { r.Scope = "r" }, false},
		{"no scope", func(r *tokensource.Request) { r.Scope = "" }, false},
		{"subject", func(r *tokensource.Request) { r.Subject = bob }, false},
		{"actor", func(r *tokensource.Request) { r.Actor = alice }, false},
		{"no actor", func(r *tokensource.Request) { r.Actor = tokensource.Token{} }, false},
		{"neither", func(r *tokensource.Request) { r.Subject, r.Actor = tokensource.Token{}, tokensource.Token{} }, false},
	} {
		r, before := base, w.count()
		row.change(&r)
		if _, err := s.Token(t.Context(), r); err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		if shared := w.count() == before; shared != row.shared {
			t.Errorf("%s: shared = %v, want %v", row.name, shared, row.shared)
		}
	}
}

func TestInvalidRequestsAreRefused(t *testing.T) {
	subject := tokensource.NewToken("s", time.Time{})
	w := &wire{}
	s := newSource(t, w)
	for name, r := range map[string]tokensource.Request{
		"no audience":               {},
		"empty further audience":    {Audience: "a", Also: []string{""}},
		"audience twice":            {Audience: "a", Also: []string{"a"}},
		"further audience twice":    {Audience: "a", Also: []string{"b", "b"}},
		"subject of unknown issuer": {Audience: "a", Subject: subject},
		"subject of another issuer": {Audience: "a", Subject: subject, SubjectIssuer: "https://idp.partner.example"},
	} {
		if _, err := s.Token(t.Context(), r); !errors.Is(err, tokensource.ErrRefused) || w.count() != 0 {
			t.Errorf("%s: got %v after %d requests, want ErrRefused, none", name, err, w.count())
		}
	}
}

func TestCallerMayChangeItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{token: always(reply(200, grant("t", `"expires_in":300`)))}
		s := newSource(t, w)
		also := []string{"b"}
		if _, err := s.Token(t.Context(), tokensource.Request{Audience: "a", Also: also}); err != nil {
			t.Fatal(err)
		}
		also[0] = "evil"
		time.Sleep(time.Hour)
		if _, err := s.Token(t.Context(), tokensource.Request{Audience: "a", Also: []string{"b"}}); err != nil {
			t.Fatal(err)
		}
		if _, form := w.last(); w.count() != 2 || form["audience"][1] != "b" {
			t.Errorf("request %d: got %v, want b", w.count(), form["audience"])
		}
	})
}

func TestSortedScopesAllocateNothing(t *testing.T) {
	s := newSource(t, &wire{})
	r := tokensource.Request{Audience: "a", Scope: "orders.read orders.write"}
	ask := func() {
		if _, err := s.Token(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	if got := testing.AllocsPerRun(100, ask); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

// FuzzScope shows that two spellings of the same scopes are one request, and that no
// scope is lost.
func FuzzScope(f *testing.F) {
	for _, seed := range []string{"", "a", "a b", "b a", " a  b\t", "b a b", "a\nb", "\u00a0 a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, scope string) {
		got := tokensource.Canonical(scope)
		if tokensource.Canonical(got) != got {
			t.Errorf("%q becomes %q, then %q", scope, got, tokensource.Canonical(got))
		}
		set := func(s string) []string { return slices.Compact(slices.Sorted(slices.Values(strings.Fields(s)))) }
		if !slices.Equal(set(got), set(scope)) {
			t.Errorf("%q becomes %q", scope, got)
		}
	})
}
