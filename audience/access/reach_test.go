package access_test

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

// longest is the length of the longest walk.
const longest = 5

// where is what a walker has reached: a service that it called, with what the service
// received.
type where struct {
	service string
	token   held   // none, if the handler has no caller
	user    bool   // whether the handler knows alice
	began   bool   // whether alice began
	through string // the services on the way, this one included, in their order
}

// ending is a method that was reached, and how.
type ending struct {
	service, method string
	user            access.PathUser
	through         string // the services on the way to it
}

// walk tries all calls that a client can cause, up to the longest, and returns what was
// admitted, with the number of calls.
func (w *walker) walk(client string) map[ending]int {
	found, seen := map[ending]int{}, map[where]bool{}
	now := []where{{}}
	for length := 1; length <= longest; length++ {
		var next []where
		for _, at := range now {
			w.callAll(client, at, func(method string, to where, user access.PathUser) {
				e := ending{to.service, method, user, at.through}
				if _, known := found[e]; !known {
					found[e] = length
				}
				if !seen[to] {
					seen[to] = true
					next = append(next, to)
				}
			})
		}
		now = next
	}
	return found
}

// callAll makes all calls from one place, with every token that can be had there.
func (w *walker) callAll(client string, at where, admitted func(string, where, access.PathUser)) {
	if w.matrix.Services[at.service].CallsNobody {
		return
	}
	for _, service := range w.services() {
		for token, began := range w.tokensFor(client, at, service) {
			for _, method := range methodNames {
				a := w.call(service, method, token)
				if !a.admitted {
					continue
				}
				to := where{service: service, token: token, user: a.user, began: began, through: joined(at.through, service)}
				if !a.caller {
					to.token = held{}
				}
				if at.service == "" && slices.Contains(w.matrix.Public, "walk."+service+"/"+method) {
					to.began = false // nobody's token is looked at
				}
				user := access.NoUser
				if a.user {
					user = access.UserKept
				} else if to.began {
					user = access.UserLost
				}
				admitted(method, to, user)
			}
		}
	}
}

// joined adds a service to those on the way.
func joined(through, service string) string {
	all := strings.Fields(through + " " + service)
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// tokensFor returns the tokens that can be presented to a service, and whether alice began.
func (w *walker) tokensFor(client string, at where, service string) map[held]bool {
	if at.service == "" {
		login := w.login(client)
		tokens := map[held]bool{{}: false, login: true}
		w.addTokens(tokens, client, held{}, service, false)
		w.addTokens(tokens, client, login, service, true)
		return tokens
	}
	tokens := map[held]bool{{}: at.began}
	if at.token != (held{}) {
		tokens[at.token] = at.began
	}
	for _, own := range w.runsAs(at.service) {
		w.addTokens(tokens, own, held{}, service, at.began)
		if at.user {
			w.addTokens(tokens, own, at.token, service, at.began)
		}
	}
	return tokens
}

func (w *walker) addTokens(tokens map[held]bool, client string, subject held, service string, began bool) {
	for _, audiences := range w.variants(service) {
		if token, ok := w.get(client, subject, audiences); ok {
			tokens[token] = began
		}
	}
}

// samples returns how many random matrices to test.
func samples(t *testing.T) int {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("GRPCAUD_REACH_SAMPLES"), "50"))
	if err != nil {
		t.Fatalf("GRPCAUD_REACH_SAMPLES: want a number: %v", err)
	}
	return n
}

// TestReachIsWhatCanBeWalked shows that everything which Reach reports is admitted, hop by
// hop, by real servers with real tokens; that nothing else can be reached with any token that
// the issuers give; and that a statement under never is refused if, and only if, a walk
// breaks it or a service on the way leaves it open.
func TestReachIsWhatCanBeWalked(t *testing.T) {
	var mu sync.Mutex
	all := map[string]int{} // guarded by mu: kinds of hops, ends of users and verdicts on statements
	t.Run("matrix", func(t *testing.T) {
		for seed := range samples(t) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				policy, seen := randomPolicy(t, uint64(seed)), map[string]int{}
				w, reach := newWalker(t, policy), policy.Reach()
				for client := range w.matrix.Clients {
					walked := w.walk(client)
					w.compare(reach.From(client), walked, seen)
					w.judgeAll(policy, client, walked, seen)
				}
				mu.Lock()
				defer mu.Unlock()
				for what, times := range seen {
					all[what] += times
				}
			})
		}
	})
	for _, want := range []string{
		"as itself", "for a user", "on behalf of the user", "forwards the token", "without a token", "rules are not enforced",
		"kept", "lost", "none", "can reach", "not proven", "holds",
	} {
		if all[want] == 0 {
			t.Errorf("no random matrix has %q: %v", want, all)
		}
	}
}

// compare compares the paths from a client with what was walked, and follows each.
func (w *walker) compare(paths iter.Seq[access.Path], walked map[ending]int, seen map[string]int) {
	w.t.Helper()
	possible, reported := map[ending]bool{}, map[ending]bool{}
	for e := range walked {
		possible[ending{service: e.service, method: e.method, user: e.user}] = true
	}
	for p := range paths {
		w.follow(p)
		hops := p.Hops()
		seen[string(p.User)]++
		seen[string(hops[len(hops)-1].Kind)]++
		for _, method := range expand(p.Methods, p.Closed) {
			e := ending{service: p.To, method: method, user: p.User}
			reported[e] = true
			if !possible[e] && len(hops) <= longest {
				w.t.Errorf("%s: %v is reported, by %v; it cannot be walked", p.From, e, hops)
			}
		}
	}
	for e := range possible {
		if !reported[e] {
			w.t.Errorf("%v was walked; it is not reported", e)
		}
	}
}

// judgeAll judges statements about what a client must not reach.
func (w *walker) judgeAll(policy *access.Policy, client string, walked map[ending]int, seen map[string]int) {
	w.t.Helper()
	for _, to := range w.services() {
		for _, through := range append(w.services(), "") {
			for _, withoutUser := range []bool{false, true} {
				if n := (access.Never{From: []string{client}, To: to, Through: through, WithoutUser: withoutUser}); to != through {
					seen[cmp.Or(w.judge(policy, n, walked), "holds")]++
				}
			}
		}
	}
}

// judge compares what New says of a statement with what was walked, and returns that.
func (w *walker) judge(policy *access.Policy, n access.Never, walked map[ending]int) (want string) {
	w.t.Helper()
	for e := range walked {
		s := w.matrix.Services[e.service]
		switch {
		case e.service == n.To && (n.Through == "" || slices.Contains(strings.Fields(e.through), n.Through)) && !(n.WithoutUser && e.user == access.UserKept):
			want = "can reach"
		case want == "" && e.service != n.To && !s.CallsNobody && len(w.runsAs(e.service)) == 0:
			want = "not proven"
		}
	}
	m := policy.Matrix()
	m.Never = []access.Never{n}
	_, err := access.New(m, policy.GivenOptions()...)
	got := fmt.Sprint(err)
	if problem, ok := errors.AsType[*access.Problem](err); ok && len(problem.Proof) > longest {
		return want
	}
	if (want == "") != (err == nil) || !strings.Contains(got, want) {
		w.t.Errorf("%+v: New = %v, want an error with %q", n, got, want)
	}
	return want
}

// follow makes the calls of a path, each with the token that its hop says.
func (w *walker) follow(p access.Path) {
	w.t.Helper()
	var token held
	hops := p.Hops()
	for i, h := range hops {
		audiences := []string{h.Service}
		for _, further := range hops[i+1:] {
			if further.Kind != access.HopForwards {
				break
			}
			audiences = append(audiences, further.Service)
		}
		given := true
		switch h.Kind {
		case access.HopAsItself:
			token, given = w.get(h.Client, held{}, audiences)
		case access.HopForUser:
			token, given = w.get(h.Client, w.login(h.Client), audiences)
		case access.HopOnBehalf:
			token, given = w.get(h.Client, token, audiences)
		case access.HopNoToken, access.HopUnenforced:
			token = held{}
		}
		for _, method := range expand(h.Methods, h.Closed) {
			a := w.call(h.Service, method, token)
			if last := i == len(hops)-1; !given || !a.admitted || last && a.user != (p.User == access.UserKept) {
				w.t.Errorf("%v, hop %d, %s: token given %v, %+v, and the user is said to be %s", hops, i, method, given, a, p.User)
			}
		}
	}
}

// expand returns the methods that a hop names.
func expand(methods, closed []string) []string {
	if slices.Contains(methods, "*") {
		methods = methodNames
	}
	return slices.DeleteFunc(slices.Clone(methods), func(m string) bool { return slices.Contains(closed, m) })
}
