package shared

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/valkey-io/valkey-go"
)

// Replica is what is known of one replica of a list: what it said of itself last.
type Replica struct {
	// ID names it; see [ReplicaID].
	ID string `json:"id"`

	// Version is the version of its program, as Go's build information has it.
	Version string `json:"version,omitempty"`

	// Generation names the policy that its server enforces; empty if it does not say.
	Generation string `json:"generation,omitempty"`

	// Entries is how many entries it has for tokens that have not ended, and Bound how
	// many it can have.
	Entries int `json:"entries"`
	Bound   int `json:"bound"`

	// Behind is how many changes of the list it lacks; -1 if it follows a list that the
	// store no longer has.
	Behind int64 `json:"behind"`

	// Differs says that it has another number of entries than the list in the store,
	// although it knows the same changes.
	Differs bool `json:"differs,omitempty"`

	// Ready says that it knew what was revoked when it was last heard of.
	Ready bool `json:"ready"`

	// Heard is for how long its list was not known to be as the store's, by the clocks
	// of the replica and of the store. If that is longer than StaleAfter, the replica
	// refuses calls, unless ServesStale.
	Heard       time.Duration `json:"-"`
	StaleAfter  time.Duration `json:"-"`
	ServesStale bool          `json:"serves_stale,omitempty"`

	// LastChange is when the list changed last at the replica, by its clock; zero if it
	// has not since it started.
	LastChange time.Time `json:"last_change,omitzero"`
}

// Stale reports whether the replica was not heard of for longer than its own bound.
func (r Replica) Stale() bool { return r.Heard > r.StaleAfter }

// Current reports whether the replica knows what was revoked, all of it.
func (r Replica) Current() bool { return r.Ready && r.Behind == 0 && !r.Differs && !r.Stale() }

// Replicas returns the replicas that were heard of within the last minute, by their ids.
// Those with the option [Unannounced] are not among them.
func (l *List) Replicas(ctx context.Context) ([]Replica, error) {
	client, s, err := l.look(ctx)
	if err != nil {
		return nil, err
	}
	return l.survey(ctx, client, s)
}

// look returns the connection to the store, and what the store says about the list.
func (l *List) look(ctx context.Context) (valkey.Client, state, error) {
	client, err := l.connected()
	if err != nil {
		return nil, state{}, err
	}
	s, err := l.beat(ctx, client, 0)
	return client, s, err
}

// Await waits until every replica knows what the store has now, or until ctx ends. It
// returns the replicas as they were then; [Replica.Behind] tells which lack something. An
// error says that the store cannot be asked.
func (l *List) Await(ctx context.Context) ([]Replica, error) {
	tick := time.NewTicker(2 * announceGap)
	defer tick.Stop()
	var target state
	for {
		replicas, err := l.ask(context.WithoutCancel(ctx), &target)
		if err != nil || !slices.ContainsFunc(replicas, func(r Replica) bool { return r.Behind != 0 || r.Differs }) {
			return replicas, err
		}
		select {
		case <-ctx.Done():
			return replicas, nil
		case <-tick.C:
		}
	}
}

// ask returns the replicas, compared with target: the state of the store when it was
// asked first, or after it was emptied.
func (l *List) ask(ctx context.Context, target *state) ([]Replica, error) {
	client, s, err := l.look(ctx)
	if err != nil {
		return nil, err
	}
	if s.epoch != target.epoch {
		*target = s
	}
	replicas, err := l.survey(ctx, client, *target)
	if own := l.at(); err == nil && own.epoch != s.epoch { // what this list knows is not written back yet
		for i := range replicas {
			replicas[i].Behind = -1
		}
	}
	return replicas, err
}

// survey returns the replicas, compared with a state of the store.
func (l *List) survey(ctx context.Context, client valkey.Client, s state) ([]Replica, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := replicasScript.Exec(ctx, client, l.keys.announcements(), []string{kept}).AsStrSlice()
	if err != nil {
		return nil, fmt.Errorf("shared: the store: %w", err)
	}
	if len(answer)%3 != 0 {
		return nil, fmt.Errorf("shared: the store answers %d values about its replicas", len(answer))
	}
	var all []Replica
	for one := range slices.Chunk(answer, 3) {
		a, heard, err := parseAnnouncement(one[0], one[1], one[2])
		if err != nil {
			return nil, err
		}
		all = append(all, l.replica(one[0], a, heard, s))
	}
	slices.SortFunc(all, func(a, b Replica) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// replica returns what an announcement says, compared with a state of the store.
func (l *List) replica(id string, a announcement, heard time.Duration, s state) Replica {
	r := Replica{
		ID: id, Version: a.Version, Generation: a.Generation, Entries: a.Entries, Bound: a.Bound, Behind: max(0, s.change-a.Change),
		Ready: a.Ready, Heard: heard, StaleAfter: time.Duration(a.StaleAfter) * time.Millisecond, ServesStale: a.ServesStale,
	}
	if a.Epoch != s.epoch {
		r.Behind = -1
	}
	if a.Last > 0 {
		r.LastChange = time.UnixMilli(a.Last)
	}
	same := position{a.Epoch, a.Change}
	r.Differs = l.at() == same && l.count(time.UnixMilli(a.At)) != a.Entries && l.at() == same
	return r
}
