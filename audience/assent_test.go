package audience_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// manyRules are more than one token keeps the yes of, with each demand that time
// can spoil: by itself, with the others, in one of two alternatives, and besides
// one.
func manyRules(tb testing.TB) []*audience.Rule {
	tb.Helper()
	login := entry(func(a *audience.Allow) { a.MaxAuthAge = 20 * time.Minute })
	either := entry(func(a *audience.Allow) { a.MaxAuthAge = 10 * time.Minute })
	either.Allow = append(either.Allow, entry(nil).Allow...)
	return []*audience.Rule{
		ruleOf(tb, audience.Issuer{}, entry(nil)),
		ruleOf(tb, audience.Issuer{Leeway: time.Minute}, entry(nil)),
		ruleOf(tb, audience.Issuer{MaxAge: 30 * time.Minute}, entry(nil)),
		ruleOf(tb, audience.Issuer{MaxLifetime: time.Hour}, entry(nil)),
		ruleOf(tb, audience.Issuer{}, login),
		ruleOf(tb, audience.Issuer{MaxAge: 40 * time.Minute}, either),
		ruleOf(tb, audience.Issuer{}, login, demandingBesides(audience.Allow{Scopes: []string{"orders.read"}})),
		ruleOf(tb, audience.Issuer{}, login, demandingBesides(audience.Allow{MaxAuthAge: 10 * time.Minute})),
		ruleOf(tb, audience.Issuer{}, entry(func(a *audience.Allow) { a.Clients = []string{"backoffice-portal"} })),
	}
}

// timed are tokens of an hour, with each claim that has a time and without.
var timed = []claims{
	{"exp": now.Add(time.Hour).Unix()},
	{"exp": now.Add(time.Hour).Unix(), "nbf": now.Add(5 * time.Minute).Unix(), "auth_time": now.Add(-5 * time.Minute).Unix()},
	{"exp": now.Add(80 * time.Minute).Unix(), "iat": nil, "auth_time": now.Add(3 * time.Minute).Unix()},
}

// edges are the times about which answers change, and others between them.
func edges() (all []time.Time) {
	for minutes := -30; minutes <= 90; minutes += 5 {
		for _, off := range []time.Duration{0, audience.Leeway, -audience.Leeway, time.Minute, -time.Minute, 3 * time.Minute} {
			at := now.Add(time.Duration(minutes)*time.Minute + off)
			all = append(all, at.Add(-1), at, at.Add(1))
		}
	}
	return all
}

// TestAssent holds that a token which was admitted before is judged as one that
// was not, whenever and by whatever rule it is judged again.
func TestAssent(t *testing.T) {
	rules, times := manyRules(t), edges()
	for n, members := range timed {
		known, err := read(t, "keycloak", token(members))
		if err != nil {
			t.Fatal(err)
		}
		chance, admitted := rand.New(rand.NewPCG(1, uint64(n))), 0
		for range 5_000 {
			i, at := chance.IntN(len(rules)), times[chance.IntN(len(times))]
			fresh, err := read(t, "keycloak", token(members))
			if err != nil {
				t.Fatal(err)
			}
			got, want := causeOf(rules[i].Judge(known, at)), causeOf(rules[i].Judge(fresh, at))
			if got != want {
				t.Fatalf("token %d, rule %d, %v from now: %q, want %q", n, i, at.Sub(now), got, want)
			}
			if want == "" {
				admitted++
			}
		}
		if admitted < 200 {
			t.Errorf("token %d was admitted %d times: the rows say nothing", n, admitted)
		}
	}
}

// TestAssentOfTheAlternativeThatHolds holds that a yes is remembered for as long
// as the alternative holds that it was given for, and not as long as another would.
func TestAssentOfTheAlternativeThatHolds(t *testing.T) {
	scoped := entry(func(a *audience.Allow) { a.Scopes = []string{"orders.write"} })
	login := entry(func(a *audience.Allow) { a.MaxAuthAge = 10 * time.Minute })
	for name, order := range map[string][2]audience.Service{"last": {scoped, login}, "first": {login, scoped}} {
		both := order[0]
		both.Allow = append(both.Allow[:1:1], order[1].Allow...)
		rule := ruleOf(t, audience.Issuer{}, both)
		c, err := read(t, "keycloak", token(claims{"exp": now.Add(time.Hour).Unix(), "auth_time": now.Unix(), "scope": "orders.read"}))
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct {
			at   time.Duration
			want audience.Cause
		}{{0, ""}, {5 * time.Minute, ""}, {12 * time.Minute, audience.CauseStepUp}} {
			if got := causeOf(rule.Judge(c, now.Add(row.at))); got != row.want {
				t.Errorf("%s, after %v: %q, want %q", name, row.at, got, row.want)
			}
		}
	}
}

func causeOf(err error) audience.Cause {
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		return refusal.Cause
	}
	return ""
}

// TestAssentsAreFew holds that a token which is used for many methods does not
// keep all their answers.
func TestAssentsAreFew(t *testing.T) {
	c, err := read(t, "keycloak", token(nil))
	if err != nil {
		t.Fatal(err)
	}
	rules := make([]*audience.Rule, 20)
	for i := range rules {
		rules[i] = ruleOf(t, audience.Issuer{}, entry(nil))
	}
	n := testing.AllocsPerRun(10, func() {
		for _, rule := range rules {
			if err := rule.Judge(c, now); err != nil {
				t.Error(err)
			}
		}
	})
	if int(n) < len(rules) {
		t.Errorf("%v allocations for %d rules in turn, want each to be asked again", n, len(rules))
	}
}

// TestAssentsOfSeveral holds that a token which is used for a few methods in turn
// is admitted without an allocation, from several goroutines too.
func TestAssentsOfSeveral(t *testing.T) {
	c, err := read(t, "keycloak", token(nil))
	if err != nil {
		t.Fatal(err)
	}
	rules := manyRules(t)[:4]
	all := func() {
		for _, rule := range rules {
			if err := rule.Judge(c, now); err != nil {
				t.Error(err)
			}
		}
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(all)
	}
	group.Wait()
	all()
	if n := testing.AllocsPerRun(100, all); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
