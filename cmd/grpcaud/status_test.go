package main_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/audience/revocation/shared"
)

// TestStatus shows which replicas are told of as being wrong, and the exit status.
func TestStatus(t *testing.T) {
	t.Parallel()
	policy, err := policyfile.Load(company)
	if err != nil {
		t.Fatal(err)
	}
	now := policy.Generation()
	for name, row := range map[string]struct {
		replicas []string
		file     bool
		code     int
		wants    []string
	}{
		"all well":            {[]string{now, now}, true, 0, []string{"replica-0", "replica-1", now[:12], "2 replicas, 2 as they should be, 0 not"}},
		"no file":             {[]string{"old", "old"}, false, 0, []string{"2 replicas, 2 as they should be"}},
		"one is behind":       {[]string{now, "old", now}, false, 1, []string{"another policy than most replicas", "1 not"}},
		"one is not the file": {[]string{"old", "old", now}, true, 1, []string{"another policy than the file", "2 not"}},
		"one does not say":    {[]string{now, ""}, true, 1, []string{"policy unknown"}},
		"none says, no file":  {[]string{"", ""}, false, 0, []string{"2 as they should be"}},
		"there is none":       {nil, true, 1, []string{"no replica follows this list"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, row.replicas...)
			args := []string{"status", "--store", f.url()}
			if row.file {
				args = append(args, company)
			}
			run(t, "", args...).want(t, row.code, row.wants...)
			r := run(t, "", append(args, "-o", "json")...)
			var got struct {
				Replicas []struct {
					ID       string
					Problems []string
				}
			}
			if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || len(got.Replicas) != len(row.replicas) || r.code != row.code {
				t.Errorf("JSON: %v, exit status %d: %s", err, r.code, r.stdout)
			}
		})
	}
}

// TestStatusNamesAReplicaThatIsGone shows that a replica of which nothing is heard any
// more is stale, and that revoke says that it does not know.
func TestStatusNamesAReplicaThatIsGone(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "x")
	gone := f.add(t, "gone", "x", shared.StaleAfter(1500*time.Millisecond))
	said := f.store.HGet("{grpcaud}:revocation:replicas", "gone")
	heard, err := f.store.ZScore("{grpcaud}:revocation:heard", "gone")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	f.replicas = f.replicas[:1]
	f.store.HSet("{grpcaud}:revocation:replicas", "gone", said)
	if _, err := f.store.ZAdd("{grpcaud}:revocation:heard", heard-5000, "gone"); err != nil {
		t.Fatal(err)
	}
	run(t, "", "status", "--store", f.url()).want(t, 1, "gone", "stale: it has heard nothing from the store", "1 not")
	f.revokes(t, "", "--subject", "alice", "--timeout", "1500ms").want(t, 1, "1 of 2 replicas know it", "gone: stale", "lacks 1 change")
}
