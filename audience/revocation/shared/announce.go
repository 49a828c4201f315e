package shared

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/valkey-io/valkey-go"
)

const (
	// announceInterval is how soon a replica announces itself again if nothing changes.
	announceInterval = 2 * time.Second

	// announceGap is how soon at the earliest.
	announceGap = 20 * time.Millisecond

	// announcementsKept is for how long a replica is listed that is no longer heard of.
	announcementsKept = time.Minute

	// maxReplicas is how many replicas a list has at most. Further ones work, unlisted.
	maxReplicas = 1000
)

// announcement is what a replica says of itself, as it stands in the store. Times are in
// milliseconds.
type announcement struct {
	Version     string `json:"version,omitempty"`
	Generation  string `json:"generation,omitempty"`
	Epoch       string `json:"epoch"`
	Change      int64  `json:"change"`
	Entries     int    `json:"entries"`
	At          int64  `json:"at"`  // the replica's clock, for Entries
	Age         int64  `json:"age"` // since its list was as the store's
	Last        int64  `json:"last,omitempty"`
	Bound       int    `json:"bound"`
	Ready       bool   `json:"ready"`
	StaleAfter  int64  `json:"stale_after"`
	ServesStale bool   `json:"serves_stale,omitempty"`
}

// told is what a replica announces at once when it changes.
type told struct {
	at         position
	ready      bool
	generation string
}

// AnnounceGeneration has the replica announce which policy its server enforces, for
// [List.Replicas]: generation returns its name, such as [interceptor.Server.Generation].
// It is called several times a second and must not wait. By default none is announced.
func (l *List) AnnounceGeneration(generation func() string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.policy = generation
}

// announce tells the store of the replica, if it has something to say.
func (f *follower) announce(ctx context.Context, client valkey.Client) error {
	now, since := told{f.at(), f.Ready() == nil, f.generation()}, time.Since(f.announced)
	if f.settings.unannounced || since < announceGap || since < announceInterval && now == f.told {
		return nil
	}
	text, err := json.Marshal(f.announcement(now, time.Now()))
	if err != nil {
		return fmt.Errorf("shared: the announcement of this replica: %w", err)
	}
	answer, err := f.tell(ctx, client, string(text))
	if err != nil {
		return err
	}
	if answer == "full" && f.announced.IsZero() {
		f.settings.log.Warn("shared: the list has too many replicas; this one works, and is not listed",
			slog.String("list", f.settings.name), slog.Int("replicas", maxReplicas))
	}
	f.announced, f.told = time.Now(), now
	return nil
}

// withdraw takes the replica off the list of replicas when ctx has ended.
func (f *follower) withdraw(ctx context.Context, client valkey.Client) {
	if ctx.Err() == nil || f.announced.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pause)
	defer cancel()
	_, _ = f.tell(ctx, client, "") // the announcement expires
}

func (f *follower) tell(ctx context.Context, client valkey.Client, text string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := announceScript.Exec(ctx, client, f.keys.announcements(),
		[]string{f.settings.replica, text, kept, strconv.Itoa(maxReplicas)}).ToString()
	if err != nil {
		return "", fmt.Errorf("shared: the store: %w", err)
	}
	return answer, nil
}

var kept = strconv.FormatInt(announcementsKept.Milliseconds(), 10)

// generation returns the name of the policy; empty if the program does not tell it.
func (l *List) generation() string {
	l.mu.Lock()
	policy := l.policy
	l.mu.Unlock()
	if policy == nil {
		return ""
	}
	return policy()
}

// announcement returns what the replica says of itself.
func (l *List) announcement(t told, now time.Time) announcement {
	return announcement{
		Version: version(), Epoch: t.at.epoch, Change: t.at.change, Entries: l.count(now), At: now.UnixMilli(), Age: l.Age().Milliseconds(),
		Last: l.last.Load(), Bound: l.settings.bound, Ready: t.ready, StaleAfter: l.settings.stale.Milliseconds(), ServesStale: l.settings.serveStale,
		Generation: t.generation,
	}
}

// count returns how many entries name tokens that have not ended at a time. An entry is
// kept for longer in memory and in the store, so that all replicas that know the same
// changes count the same, whenever they dropped what has expired.
func (l *List) count(at time.Time) int {
	at = time.UnixMilli(at.UnixMilli())
	n := 0
	for e := range l.memory.Entries() {
		if e.Expires.After(at) {
			n++
		}
	}
	return n
}

// version returns the version of the program.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return info.Main.Version
}

// parseAnnouncement reads what a replica said of itself, and how old that is.
func parseAnnouncement(id, text, age string) (announcement, time.Duration, error) {
	var a announcement
	ago, err := strconv.ParseInt(age, 10, 64)
	if err = errors.Join(err, json.Unmarshal([]byte(text), &a)); err != nil {
		return a, 0, fmt.Errorf("shared: the announcement of replica %.128q: %w", id, err)
	}
	if a.Change < 0 || a.Entries < 0 || a.Bound < 0 || !plausible(a.Age, a.StaleAfter, ago) {
		return a, 0, fmt.Errorf("shared: the announcement of replica %.128q has a number that cannot be", id)
	}
	return a, time.Duration(a.Age+max(0, ago)) * time.Millisecond, nil
}

// plausible reports whether these numbers of milliseconds are ages or lengths.
func plausible(all ...int64) bool {
	const century = 100 * 365 * 24 * time.Hour
	for _, n := range all {
		if n < -century.Milliseconds() || n > century.Milliseconds() {
			return false
		}
	}
	return true
}
