package revoke

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/grpcaud/grpcaud/audience/revocation/shared"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// Status is an [output.Answer] that tells of the replicas of a list.
type Status struct {
	// Policy is the generation of the policy that all should enforce; empty if none was
	// given, and the replicas differ.
	Policy string `json:"policy,omitempty"`

	Replicas []Row `json:"replicas"`

	now   time.Time
	given bool // whether a file says what Policy is
}

// Row is one replica.
type Row struct {
	shared.Replica
	HeardSeconds float64 `json:"heard_seconds"` // for how long it has heard nothing

	// Problems is what is wrong with it; empty for a replica that is as it should be.
	Problems []string `json:"problems"`
}

// NewStatus compares replicas with the generation of a policy; if that is empty, with
// what most of them enforce.
func NewStatus(replicas []shared.Replica, policy string, now time.Time) *Status {
	s := &Status{Policy: policy, Replicas: []Row{}, now: now, given: policy != ""}
	if policy == "" {
		s.Policy = most(replicas)
	}
	for _, r := range replicas {
		row := Row{Replica: r, HeardSeconds: r.Heard.Round(time.Millisecond).Seconds(), Problems: problems(r)}
		if problem := s.otherPolicy(r); problem != "" {
			row.Problems = append(row.Problems, problem)
		}
		s.Replicas = append(s.Replicas, row)
	}
	return s
}

// most returns the generation that most replicas enforce; the first by its name of
// several.
func most(replicas []shared.Replica) string {
	count := map[string]int{}
	for _, r := range replicas {
		count[r.Generation]++
	}
	best := ""
	for _, g := range slices.Sorted(maps.Keys(count)) {
		if g != "" && count[g] > count[best] || best == "" {
			best = g
		}
	}
	return best
}

// problems returns what is wrong with the list of a replica.
func problems(r shared.Replica) []string {
	all := []string{}
	switch {
	case r.Stale() && r.ServesStale:
		all = append(all, "stale: it has heard nothing from the store, and serves by its old list")
	case r.Stale():
		all = append(all, "stale: it has heard nothing from the store, and refuses calls if it still runs")
	case !r.Ready:
		all = append(all, "not ready: it has not read the list, and refuses calls")
	}
	switch {
	case r.Behind < 0:
		all = append(all, "lacks the list: it follows one that the store no longer has")
	case r.Behind > 0:
		all = append(all, "lacks "+output.Plural(int(r.Behind), "change"))
	case r.Differs:
		all = append(all, "differs: it has other entries than the store, and knows the same changes")
	}
	return all
}

// otherPolicy returns what is wrong with the policy of a replica; empty for nothing.
func (s *Status) otherPolicy(r shared.Replica) string {
	switch {
	case r.Generation == s.Policy:
		return ""
	case r.Generation == "":
		return "policy unknown: its program does not announce it"
	case s.given:
		return "another policy than the file"
	}
	return "another policy than most replicas"
}

// Exit implements [output.Answer].
func (s *Status) Exit() error {
	if len(s.Replicas) == 0 || slices.ContainsFunc(s.Replicas, func(r Row) bool { return len(r.Problems) > 0 }) {
		return output.No
	}
	return nil
}

// Write implements [output.Answer].
func (s *Status) Write(p *output.Page, format string) {
	if format == "json" {
		p.JSON(s)
		return
	}
	if len(s.Replicas) == 0 {
		p.Printf("%s\n", nobody)
		return
	}
	rows, wrong := [][]string{p.Header("replica", "policy", "entries", "lacks", "heard", "last event", "version", "")}, 0
	for _, r := range s.Replicas {
		mark := p.Colour(output.Good, "ok")
		if len(r.Problems) > 0 {
			wrong++
			mark = p.Colour(output.Bad, output.Join(r.Problems, "; "))
		}
		rows = append(rows, []string{output.Printable(r.ID), generation(r.Generation), strconv.Itoa(r.Entries), lacks(r.Behind), ago(r.Heard), s.last(r), output.Printable(r.Version), mark})
	}
	p.Table("", rows)
	p.Printf("%s, %d as they should be, %d not\n", output.Plural(len(s.Replicas), "replica"), len(s.Replicas)-wrong, wrong)
}

// nobody is what there is to say of a list that no server follows.
const nobody = "no replica follows this list: is it the store and the --list of the servers, and do they run?"

// last says how long ago the list of a replica changed.
func (s *Status) last(r Row) string {
	if r.LastChange.IsZero() {
		return "none"
	}
	return ago(s.now.Sub(r.LastChange)) + " ago"
}

// generation returns the first characters of a generation.
func generation(name string) string {
	if name == "" {
		return "unknown"
	}
	return output.Printable(fmt.Sprintf("%.12s", name))
}

func lacks(behind int64) string {
	if behind < 0 {
		return "all"
	}
	return strconv.FormatInt(behind, 10)
}

// ago writes a duration in seconds, or larger units.
func ago(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	if d < 2*time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Minute).String()
}
