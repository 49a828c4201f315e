package revocation_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/revocation"
)

// issued returns a token of alice at the customer portal, issued now.
func issued(t testing.TB, changes map[string]any) *claims.Claims {
	t.Helper()
	members := map[string]any{
		"iss": corp, "sub": "alice", "aud": "order-status", "azp": "customer-portal", "typ": "Bearer",
		"jti": "1", "sid": "s", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
	for name, value := range changes {
		if members[name] = value; value == nil {
			delete(members, name)
		}
	}
	c, err := read(t, "keycloak", members)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRevocationList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now, end := time.Now(), time.Now().Add(time.Hour)
		good := issued(t, nil)
		for _, row := range []struct {
			name       string
			revocation revocation.Entry
			revoked    bool
		}{
			{"the token", revocation.Entry{ID: "1"}, true},
			{"another token", revocation.Entry{ID: "2"}, false},
			{"the session", revocation.Entry{Session: "s"}, true},
			{"another session", revocation.Entry{Session: "1"}, false},
			{"the user", revocation.Entry{Subject: "alice"}, true},
			{"another user", revocation.Entry{Subject: "Alice"}, false},
			{"the client", revocation.Entry{Client: "customer-portal"}, true},
			{"another client", revocation.Entry{Client: "alice"}, false},
			{"the user at the client", revocation.Entry{Subject: "alice", Client: "customer-portal"}, true},
			{"the user at another client", revocation.Entry{Subject: "alice", Client: "backoffice-portal"}, false},
			{"all of them", revocation.Entry{ID: "1", Session: "s", Subject: "alice", Client: "customer-portal", IssuedBefore: now.Add(time.Second)}, true},
			{"the next issuer's", revocation.Entry{Issuer: partner, ID: "1"}, false},
			{"what is older", revocation.Entry{IssuedBefore: now.Add(time.Second)}, true},
			{"what was older", revocation.Entry{IssuedBefore: now}, false},
			{"the user's older ones", revocation.Entry{Subject: "alice", IssuedBefore: now.Add(time.Second)}, true},
			{"another user's older ones", revocation.Entry{Subject: "bob", IssuedBefore: now.Add(time.Second)}, false},
		} {
			row.revocation.Expires = end
			if row.revocation.Issuer == "" {
				row.revocation.Issuer = corp
			}
			list := revocation.NewList(1)
			if err := list.Revoked(t.Context(), good); err != nil {
				t.Errorf("an empty list: %v", err)
			}
			if err := list.Revoke(row.revocation); err != nil {
				t.Fatal(err)
			}
			err := list.Revoked(t.Context(), good)
			if row.revoked != errors.Is(err, audience.CauseRevoked) || !row.revoked && err != nil {
				t.Errorf("%s: %v, revoked should be %v", row.name, err, row.revoked)
			}
		}
	})
}

// TestRevocationOfAbsentClaims shows that what a token lacks is not matched by
// what an entry leaves open, and that what has no date may be old.
func TestRevocationOfAbsentClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := revocation.NewList(8)
		bare := issued(t, members{"jti": nil, "sid": nil, "azp": nil, "iat": nil})
		for _, r := range []revocation.Entry{{ID: "1"}, {Session: "s"}, {Client: "customer-portal"}, {Subject: "bob"}} {
			r.Issuer, r.Expires = corp, time.Now().Add(time.Hour)
			if err := list.Revoke(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := list.Revoked(t.Context(), bare); err != nil {
			t.Errorf("a bare token: %v", err)
		}
		if err := list.Revoke(revocation.Entry{Issuer: corp, IssuedBefore: time.Now(), Expires: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if err := list.Revoked(t.Context(), bare); !errors.Is(err, audience.CauseRevoked) {
			t.Errorf("a token without iat: %v, want it revoked", err)
		}
	})
}

func TestRevocationListRefuses(t *testing.T) {
	list := revocation.NewList(1)
	end := time.Now().Add(time.Hour)
	for want, r := range map[string]revocation.Entry{
		"without an issuer": {ID: "1", Expires: end},
		"all tokens":        {Issuer: corp, Expires: end},
		"without an end":    {Issuer: corp, ID: "1"},
	} {
		if err := list.Revoke(r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Revoke(%+v) = %v, want %s", r, err, want)
		}
	}
}

// TestRevocationExpires shows that an entry lasts as long as a token may be
// accepted, and is forgotten then; and that a list is never full of what is
// over, nor forgets what is not.
func TestRevocationExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := revocation.NewList(2)
		revoke := func(id string, life time.Duration) error {
			return list.Revoke(revocation.Entry{Issuer: corp, ID: id, Expires: time.Now().Add(life)})
		}
		revoked := func(id string) bool { return list.Revoked(t.Context(), issued(t, members{"jti": id})) != nil }
		if err := errors.Join(revoke("past", -time.Hour), revoke("1", time.Hour), revoke("2", 2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := revoke("3", time.Hour); !errors.Is(err, revocation.ErrFull) {
			t.Errorf("a third of two: %v", err)
		}
		if err := revoke("1", time.Hour); err != nil {
			t.Errorf("one that is there: %v", err)
		}
		time.Sleep(time.Hour + access.DefaultLeeway)
		if !revoked("1") || !revoked("2") || revoked("3") || revoked("past") {
			t.Error("within the leeway of the first, the two should be revoked")
		}
		time.Sleep(5 * time.Minute)
		if revoked("1") || !revoked("2") {
			t.Error("after the first, the second should be revoked")
		}
		if err := revoke("3", time.Hour); err != nil {
			t.Errorf("into the room that the first has left: %v", err)
		}
		if !revoked("2") || !revoked("3") {
			t.Error("the second and the third should be revoked")
		}
		if err := revoke("4", time.Hour); !errors.Is(err, revocation.ErrFull) {
			t.Errorf("a third of two: %v", err)
		}
	})
}

// TestRevocationListMakesRoom shows that each entry that is over leaves room
// for one, in whatever order they came.
func TestRevocationListMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const bound = 16
		list := revocation.NewList(bound)
		revoke := func(id, hours int) error {
			return list.Revoke(revocation.Entry{Issuer: corp, ID: fmt.Sprint(id), Expires: time.Now().Add(time.Duration(hours) * time.Hour)})
		}
		for id := range bound {
			if err := revoke(id, bound-id); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(5 * time.Minute)
		for hour := range bound {
			if err := revoke(bound+hour, bound); !errors.Is(err, revocation.ErrFull) {
				t.Fatalf("before the end of hour %d: %v, want it full", hour+1, err)
			}
			time.Sleep(time.Hour)
			if err := revoke(bound+hour, bound); err != nil {
				t.Fatalf("at the end of hour %d: %v", hour+1, err)
			}
		}
	})
}

// TestRevocationsWiden shows that of two entries for the same tokens the later
// times count, in whatever order they come.
func TestRevocationsWiden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		early, late := time.Now(), time.Now().Add(time.Minute)
		for _, order := range [][2]time.Time{{early, late}, {late, early}} {
			list := revocation.NewList(1)
			for _, before := range order {
				if err := list.Revoke(revocation.Entry{Issuer: corp, Subject: "alice", IssuedBefore: before, Expires: before.Add(time.Hour)}); err != nil {
					t.Fatal(err)
				}
			}
			if err := list.Revoked(t.Context(), issued(t, members{"iat": late.Unix() - 1})); !errors.Is(err, audience.CauseRevoked) {
				t.Errorf("in the order %v: %v", order, err)
			}
		}
	})
}

// TestRevocationListIsExact fills a list and asks for each entry and as many
// others, while readers run beside the writer.
func TestRevocationListIsExact(t *testing.T) {
	const bound = 1000
	list := revocation.NewList(bound)
	end := time.Now().Add(time.Hour)
	first := issued(t, members{"jti": "0"})
	if err := list.Revoke(revocation.Entry{Issuer: corp, ID: "0", Expires: end}); err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range bound {
				if list.Revoked(t.Context(), first) == nil {
					t.Error("an entry was lost beside a writer")
					return
				}
			}
		})
	}
	for i := 1; i < bound; i++ {
		if err := list.Revoke(revocation.Entry{Issuer: corp, ID: fmt.Sprint(i), Expires: end}); err != nil {
			t.Fatal(err)
		}
	}
	readers.Wait()
	for i := range 2 * bound {
		err := list.Revoked(t.Context(), issued(t, members{"jti": fmt.Sprint(i)}))
		if (err != nil) != (i < bound) {
			t.Fatalf("entry %d of %d: %v", i, bound, err)
		}
	}
}

func BenchmarkRevoked(b *testing.B) {
	list := revocation.NewList(100_000)
	for i := range 100_000 {
		if err := list.Revoke(revocation.Entry{Issuer: corp, Session: fmt.Sprint(i), Expires: time.Now().Add(time.Hour)}); err != nil {
			b.Fatal(err)
		}
	}
	c := issued(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		if err := list.Revoked(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
}
