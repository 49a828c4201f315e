package review_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/review"
)

// call is one call with a token of the issuer; no claims stand for no token.
type call struct {
	service, method string
	claims          *claims.Claims
}

// tokens are tokens of each kind: the product of what they may say.
func tokens(t *testing.T, now time.Time, audiences []string) []*claims.Claims {
	t.Helper()
	preset, _ := claims.LookupPreset("")
	all := []*claims.Claims{nil}
	for _, client := range append([]string{"stranger"}, randomClients...) {
		for _, aud := range audiences {
			for n := range 64 {
				pick := func(bit int, yes, no any) any {
					if n>>bit&1 == 1 {
						return yes
					}
					return no
				}
				members := map[string]any{
					"iss": "https://idp.example.com", "aud": aud, "client_id": client, "jti": "1", "iat": now.Unix(), "exp": now.Unix() + 60,
					"sub": pick(0, "alice", client), "scope": pick(1, "read ", "").(string) + pick(2, "write", "").(string),
					"roles": pick(3, []string{"clerk"}, []string{}), "department": pick(4, "hr", "it"), "acr": pick(5, "gold", "silver"),
				}
				text, err := json.Marshal(members)
				if err != nil {
					t.Fatal(err)
				}
				c, err := preset.Claims(text)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, c)
			}
		}
	}
	return all
}

// judged decides about a call as a server with this policy does.
func judged(t *testing.T, policy *access.Policy, c call, now time.Time) (admitted bool, record decision.Record) {
	t.Helper()
	guard, err := policy.Guard(c.service)
	if err != nil {
		t.Fatal(err)
	}
	r := decision.Record{Time: now, Method: c.method, Decision: decision.Refused, Mode: "enforce", Policy: guard.Generation(), Caller: decision.NoCaller, Peer: "192.0.2.1:5000"}
	if c.claims != nil {
		r.Issuer, r.Audience, r.Client, r.Scopes, r.Roles = c.claims.Issuer(), c.claims.Audience(), c.claims.Client(), c.claims.Scopes(), c.claims.Roles()
		r.Caller = map[access.CallerKind]decision.Caller{access.UsersOnly: decision.User, access.ServicesOnly: decision.Service, "": decision.UnknownCaller}[guard.CallerKind(c.claims)]
	}
	rule, p := guard.Rule(c.method), access.Presentation{Time: now}
	if rule == nil {
		r.Cause = string(audience.CauseNoRule)
		return false, r
	}
	r.Service, r.Entry = rule.Service(), rule.Entry(c.claims, p).Name
	err = rule.Judge(c.claims, p)
	if c.claims == nil && rule.Optional() {
		err = nil
	}
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		r.Cause = string(refusal.Cause)
		return false, r
	}
	r.Decision = decision.Admitted
	return true, r
}

// TestReviewPatchOnlyNarrows shows for random matrices and random logs that the patch admits
// each call of the log that the file admits, and nothing that the file refuses. Some records
// are of an earlier file.
func TestReviewPatchOnlyNarrows(t *testing.T) {
	now, all := time.Now(), tokens(t, time.Now(), append([]string{"elsewhere"}, randomServices...))
	patches := 0
	for seed := range uint64(60) {
		folder := t.TempDir()
		path := filepath.Join(folder, "access.yaml")
		earlier, policy := randomPolicy(t, folder, seed+1000), randomPolicy(t, folder, seed)
		counter := review.NewCounter(policy, descriptor.Set{}, path, time.Time{}, now)
		r := rand.New(rand.NewPCG(seed, 7))
		var observed []call
		for range 5 + r.IntN(60) {
			c := call{service: randomServices[r.IntN(3)], claims: all[r.IntN(len(all))]}
			c.method = "/random." + c.service + "/" + append(slices.Clone(randomMethods), "Closed", "Other")[r.IntN(6)]
			by := policy
			if r.IntN(3) == 0 {
				by = earlier
			}
			_, record := judged(t, by, c, now)
			counter.Record(&record)
			if admitted, _ := judged(t, policy, c, now); admitted {
				observed = append(observed, c)
			}
		}
		patch, err := counter.Patch()
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, left := range patch.Left {
			if !strings.Contains(left, "never called") && !strings.Contains(left, "no records of it") {
				t.Errorf("seed %d: left alone: %s", seed, left)
			}
		}
		if patch.Text == "" {
			continue
		}
		patches++
		apply(t, folder, patch.Text)
		narrow, err := policyfile.Load(path)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, patch.Text)
		}
		compare(t, seed, policy, narrow, observed, all, now)
	}
	if patches < 40 {
		t.Errorf("%d patches, want more: the test shows little", patches)
	}
}

// compare compares a matrix with its patched form.
func compare(t *testing.T, seed uint64, policy, narrow *access.Policy, observed []call, all []*claims.Claims, now time.Time) {
	t.Helper()
	for _, c := range observed {
		if admitted, _ := judged(t, narrow, c, now); !admitted {
			t.Errorf("seed %d: the patch refuses %s, which was called", seed, c.method)
		}
	}
	for _, service := range randomServices {
		before, err := policy.Guard(service)
		if err != nil {
			t.Fatal(err)
		}
		after, err := narrow.Guard(service)
		if err != nil {
			t.Fatal(err)
		}
		for _, method := range append(slices.Clone(randomMethods), "Closed", "Other") {
			full := "/random." + service + "/" + method
			admits := func(g *access.Guard, c *claims.Claims) bool {
				rule := g.Rule(full)
				return rule != nil && (rule.Judge(c, access.Presentation{Time: now}) == nil || c == nil && rule.Optional())
			}
			for _, c := range all {
				if admits(after, c) && !admits(before, c) {
					t.Errorf("seed %d: the patch admits a call of %s that the file refuses", seed, full)
				}
			}
		}
	}
}

// randomPolicy writes the files of a random matrix, and returns its policy.
func randomPolicy(t *testing.T, folder string, seed uint64) *access.Policy {
	t.Helper()
	for try := range uint64(100) {
		first, second := randomFiles(seed + try*10_000)
		write(t, filepath.Join(folder, "access.yaml"), first)
		write(t, filepath.Join(folder, "team.yaml"), second)
		policy, err := policyfile.Load(filepath.Join(folder, "access.yaml"))
		if err == nil {
			return policy
		}
		if try == 99 {
			t.Fatal(err)
		}
	}
	return nil
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// makeFolder makes the folder of a file.
func makeFolder(t testing.TB, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
}
